"""One budget, 32 who ask at the same time, each with a door of its own, over one store: to the last point and no further."""

import asyncio
import random
from collections import Counter
from typing import Any

from chassis.fold.doors import Command, Door
from chassis.fold.model import Key
from chassis.fold.rules import Folder
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from contracts.facts.campaigns import CampaignRequested
from contracts.language import Language
from services.loyalty.domain.commands import COMMANDS, DraftCampaign, ScheduleCampaign
from services.loyalty.store.account import account_kind
from services.loyalty.store.campaign import KINDS
from services.loyalty.worker.table import RULES
from tests.behaviours.test_store import Patient
from tests.unit.facts import day, fact
from tests.unit.loyalty.accounts import POLICY
from tests.unit.loyalty.campaigns import VISITS, campaign

CLIENTS, EACH, POINTS, BUDGET = 32, 16, 25, 10_000
KEY = Key("campaign", VISITS)


class Interleaved(Patient):
    """Every call takes its time, as that of a database far away does."""

    def __init__(self) -> None:
        super().__init__()
        self.dice = random.Random(5)

    def __getattr__(self, name: str) -> Any:
        call = super().__getattr__(name)

        async def later(*args: Any, **named: Any) -> Any:
            await asyncio.sleep(self.dice.random() / 1000)
            return await call(*args, **named)

        return later


class Ears:
    """A broker that hears who was granted what, and who was refused."""

    def __init__(self, language: Language) -> None:
        self.language, self.got, self.answers = language, Counter[str](), Counter[str]()

    async def publish(self, outs: Any) -> None:
        for out in outs:
            heard = self.language.heard(out)
            self.got[heard.subject] += heard.data.points
            self.answers[heard.subject] += 1


async def ask_often(door: Door, client: int) -> None:
    """One client's requests, one after the other; every tenth comes twice."""
    for number in range(EACH):
        asked = CampaignRequested(f"{client:032x}", "visit", POINTS, f"m{client}")
        given = fact(asked, day(1), f"{client}-{number}", "/hearth/loyalty", VISITS)
        for _ in range(1 + (number % 10 == 0)):
            (done,) = await door.execute(KEY, [Command(given)])
            assert done.error is None


async def test_32_clients_spend_one_budget_to_exactly_nothing() -> None:
    book, language, store = (
        PolicyBook([PolicyVersion(1, BEGINNING, POLICY)]),
        Language("/hearth/loyalty", COMMANDS),
        Interleaved(),
    )
    kinds: Any = {"account": account_kind(book), **KINDS}
    ears = Ears(language)

    def door() -> Door:
        return Door(store, ears, Folder(RULES, language, book, kinds=kinds), kinds)  # type: ignore[arg-type]

    for name, data in (("draft", DraftCampaign(campaign(budget=BUDGET))), ("schedule", ScheduleCampaign())):
        await door().execute(KEY, [Command(fact(data, day(0), name, "/hearth/loyalty", VISITS))])
    await asyncio.gather(*(ask_often(door(), client) for client in range(CLIENTS)))
    state = (await store.heads([KEY]))[KEY].state
    assert (state.granted, state.left, state.refused) == (BUDGET, 0, CLIENTS * EACH * POINTS - BUDGET)
    assert sum(ears.got.values()) == BUDGET
    assert len(ears.answers) == CLIENTS and min(ears.answers.values()) >= EACH, "everybody is answered"
    assert min(ears.got.values()) > 0, "nobody is starved"
    assert store.world.hits["lost race"] > CLIENTS, "they did get into each other's way"
