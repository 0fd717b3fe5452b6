"""Loyalty in memory, for stories of years: every rule, what accounts say to each other, and timers; no engine."""

from collections.abc import Mapping
from typing import Any

import msgspec

from chassis.fold.model import Due, Head, Key, Kind
from chassis.fold.rules import Folder, Item, empty_head
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from contracts.catalog import TYPES
from contracts.fact import Fact
from contracts.language import Language
from services.loyalty.domain.commands import COMMANDS
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.store.account import account_kind
from services.loyalty.timers.due import make_due
from services.loyalty.worker.table import RULES
from tests.unit.loyalty.accounts import POLICY


class Service:
    """Accounts as a service keeps them, in memory: facts by the chassis' own folder, what accounts say to each other heard
    at once, timers when a week is in.
    """

    def __init__(self, policy: Policy = POLICY) -> None:
        book = PolicyBook([PolicyVersion(1, BEGINNING, policy)])
        self.language = Language("/hearth/loyalty", COMMANDS)
        self.kind: Kind = account_kind(book)
        self.kinds = {"account": self.kind}
        self.folder = Folder(RULES, self.language, book, kinds=self.kinds)
        self.heads: dict[str, Head] = {}
        self.said: dict[str, list[Any]] = {}

    def fold(self, each: Fact) -> bool:
        """One fact, and what it makes accounts say to each other; False if it was refused."""
        key = Key("account", each.subject)
        head = self.heads.get(key.id) or empty_head(self.kinds, key)
        folded = self.folder.fold(head, [Item(0, key, each)], "slot")
        if folded.version is not None:
            self.heads[key.id] = folded.head
            for out in folded.version.outs:
                self._hear(key.id, out)
        return not folded.refused

    def _hear(self, entity: str, out: Any) -> None:
        if ".self." in out.topic:
            assert self.fold(self.language.heard(out))
        else:
            self.said.setdefault(entity, []).append(out)

    def fire(self, now: Any) -> None:
        """Everything that is due."""
        for customer in list(self.heads):
            while (due := self._due(customer)) and due.at <= now:
                before = self.heads[customer].seq
                assert self.fold(make_due(Key("account", customer), due, due.at))
                assert self.heads[customer].seq > before, "a timer fires once: this one would hang"

    def _due(self, customer: str) -> Due | None:
        return self.kind.due(self.heads[customer].state)

    def account(self, customer: str) -> Account:
        return self.heads[customer].state if customer in self.heads else Account()


def as_fact(event: Mapping[str, Any]) -> Fact:
    """A made-up event as a fact of the journal."""
    data = msgspec.convert(event["data"], TYPES[event["type"]].struct)
    return Fact(event["source"], event["id"], event["type"], event["subject"], event["time"], event["time"], data)
