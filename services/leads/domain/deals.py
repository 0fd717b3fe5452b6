"""What became of each deal, out of all facts about it."""

from collections.abc import Iterable
from typing import NamedTuple

from services.leads.domain.model import DealFact, Mark

STAGES = ("reserved", "subscribed", "signed")


class Deal(NamedTuple):
    """A deal of a project: the highest stage known, its price and what is cancelled of it (fen; price -1 = unknown).

    `began` is its earliest fact of a stage; `ended`, once it is cancelled in full, its last cancellation (or stage, if
    somebody dated a cancellation before it).
    """

    id: str
    project: str
    stage: str
    price: int
    cancelled: int
    began: Mark
    ended: Mark | None


def deals_of(facts: Iterable[DealFact]) -> list[Deal]:
    """The deals that were at least reserved, by when they began."""
    by_deal: dict[str, list[DealFact]] = {}
    for fact in facts:
        by_deal.setdefault(fact.deal, []).append(fact)
    found = (_deal(name, mine) for name, mine in by_deal.items())
    return sorted((deal for deal in found if deal is not None), key=lambda deal: deal.began)


def _deal(name: str, facts: list[DealFact]) -> Deal | None:
    stages = [fact for fact in facts if fact.kind in STAGES]
    if not stages:
        return None
    stage = max((fact.kind for fact in stages), key=STAGES.index)
    cancellations = [fact for fact in facts if fact.kind == "cancelled" and fact.stage == stage]
    price, cancelled = _price(facts, stage), sum(max(0, fact.fen) for fact in cancellations)
    over = bool(cancellations) and _in_full(stage, price, cancelled)
    ended = max(fact.mark for fact in (*cancellations, *stages)) if over else None
    began, last = min(fact.mark for fact in stages), max(stages, key=lambda fact: fact.mark)
    return Deal(name, last.project, stage, price, cancelled, began, ended)


def _price(facts: list[DealFact], stage: str) -> int:
    """The newest price at the deal's stage; -1 if nobody named one."""
    priced = [fact for fact in facts if fact.kind in (stage, "changed") and fact.fen >= 0]
    return max(priced, key=lambda fact: fact.mark).fen if priced else -1


def _in_full(stage: str, price: int, cancelled: int) -> bool:
    """A reservation, having no price, is cancelled in full by any cancellation; the others by their whole price."""
    return stage == "reserved" or price < 0 or cancelled >= price
