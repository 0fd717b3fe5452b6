"""The two years through the product's rules: folded week by week as a lane would, wishes as commands, timers when due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from chassis.fold.model import Head, Key, Out
from chassis.fold.rules import Folder, Item, empty_head
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from contracts import catalog
from contracts.fact import Fact
from contracts.language import Language
from services.loyalty.domain.commands import COMMANDS, CaptureHold, HoldPoints, RefundSpend, VoidHold
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.store.account import account_kind
from services.loyalty.timers.due import make_due
from services.loyalty.worker.table import RULES
from tests.company.history import Event, Wish, end_of

DOOR = "/hearth/loyalty"


class Replay:
    """Everybody's account, and all that was published, in order."""

    def __init__(self, policy: Policy) -> None:
        book = PolicyBook([PolicyVersion(1, BEGINNING, policy)])
        self.kind = account_kind(book)
        self.language: Any = Language(DOOR, COMMANDS)
        self.folder = Folder(RULES, self.language, book, kinds={"account": self.kind})
        self.heads: dict[str, Head] = {}
        self.said: list[Out] = []
        self.refused: dict[str, set[str]] = {}
        self.known = 0
        self._due: dict[str, Any] = {}
        self._offset = 0

    def week(self, number: int, events: Sequence[Event], wishes: Sequence[Wish]) -> None:
        """A week as it arrived, then its wishes, then what became due."""
        self.hear([fact_of(event) for event in events if event["type"] in RULES])
        for wish in wishes:
            self.wish(wish, end_of(number))
        self.pass_until(end_of(number))

    def hear(self, facts: Iterable[Fact]) -> None:
        """A batch of facts; what accounts say to each other is heard after it."""
        groups: dict[str, list[Item]] = {}
        for fact in facts:
            self._offset += 1
            groups.setdefault(fact.subject, []).append(Item(self._offset, Key("account", fact.subject), fact))
        told = [out for subject, items in groups.items() for out in self._fold(subject, items)]
        if told:
            self.hear([self.language.heard(out) for out in told])

    def wish(self, wish: Wish, now: datetime) -> None:
        """Two commands, or one, as the doors would make them."""
        if wish.refunds:
            self._ask(wish, RefundSpend(wish.refunds), wish.id, now)
        elif self._ask(wish, HoldPoints(wish.points), wish.id, now):
            end = CaptureHold(wish.id, wish.captured) if wish.captured else VoidHold(wish.id)
            assert self._ask(wish, end, f"{wish.id}-end", now)

    def pass_until(self, now: datetime) -> None:
        """Let time pass: fire what became due, the earliest first for each account."""
        for subject in [subject for subject, due in self._due.items() if due.at <= now]:
            while subject in self._due and self._due[subject].at <= now:
                due = self._due[subject]
                fact = make_due(Key("account", subject), due, max(now, due.at))
                self._fold(subject, [Item(-1, Key("account", subject), fact)])

    def account(self, subject: str) -> Account:
        """The account of a customer."""
        return self._head(subject).state

    def _ask(self, wish: Wish, data: Any, name: str, now: datetime) -> bool:
        fact = Fact(DOOR, name, data.TYPE, wish.subject, now, now, data)
        before = len(self.refused.get(wish.subject, ()))
        self.hear_out(self._fold(wish.subject, [Item(-1, Key("account", wish.subject), fact)]))
        return len(self.refused.get(wish.subject, ())) == before

    def hear_out(self, told: Sequence[Out]) -> None:
        """What a command made an account say to others."""
        if told:
            self.hear([self.language.heard(out) for out in told])

    def _head(self, subject: str) -> Head:
        key = Key("account", subject)
        return self.heads.get(subject) or empty_head({"account": self.kind}, key)

    def _fold(self, subject: str, items: list[Item]) -> list[Out]:
        folded = self.folder.fold(self._head(subject), items, "slot" if items[0].offset >= 0 else "")
        self.known += len(folded.known)
        for item, error in folded.refused:
            assert item.offset < 0, (item.fact, error)
            self.refused.setdefault(subject, set()).add(item.fact.id)
        if folded.version is None:
            return []
        self.heads[subject] = folded.head
        self._note_due(subject, folded.head.state)
        self.said += folded.version.outs
        return [out for out in folded.version.outs if out.topic == "crm.self.loyalty"]

    def _note_due(self, subject: str, account: Account) -> None:
        due = self.kind.due(account)
        if due is None:
            self._due.pop(subject, None)
        else:
            self._due[subject] = due


def fact_of(event: Event) -> Fact:
    """An event of the history as the journal has it."""
    reader = catalog.READERS[event["type"]]
    data = reader.json(msgspec.json.encode(event["data"]))
    for step in reader.steps:
        data = step(data)
    about = event["source"], event["id"], event["type"], event["subject"]
    return Fact(*about, event["time"], event["time"], data)
