"""Accounts, campaigns and bonuses in one memory, with messages that wait in a box until somebody hears them."""

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chassis.fold.merging import Chains
from chassis.fold.model import Key
from chassis.fold.rules import Item, empty_head
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from contracts.errors import Refused
from contracts.fact import Fact
from contracts.language import Language
from services.loyalty.domain.budgets import Budgeted
from services.loyalty.domain.campaign import Campaign, Running
from services.loyalty.domain.commands import COMMANDS, DraftCampaign, ScheduleCampaign
from services.loyalty.domain.policy import Policy
from services.loyalty.policy.conditions import compile_condition
from services.loyalty.store.account import account_kind
from services.loyalty.store.campaign import KINDS
from services.loyalty.worker.table import RULES
from tests.unit.facts import day
from tests.unit.loyalty.accounts import POLICY, command
from tests.unit.merging import World
from tests.unit.test_merging import with_subject

VISITS, DEALS = "c-visits", "c-deals"


def campaign(kind: Any = "visit", budget: int = 100, bonus: int = 0, **more: Any) -> Campaign:
    """A campaign of the days 0 to 99 that doubles, unless it gives a bonus."""
    percent = 0 if bonus or "percent" in more or "tiers" in more else 100
    return Campaign("Spring", kind, day(0), day(100), budget, bonus, **{"percent": percent, **more})


def with_campaigns(policy: Policy = POLICY, **campaigns: Campaign) -> Policy:
    """The policy when these are in force."""
    running = [
        Running(name.replace("_", "-"), each, compile_condition(each.condition)) for name, each in campaigns.items()
    ]
    return replace(policy, campaigns=tuple(running))


class Fair(World):
    """Accounts and the campaigns they ask."""

    def __init__(self, **campaigns: Campaign) -> None:
        """The campaigns (an underscore is a hyphen) are scheduled before day 0."""
        book = PolicyBook([PolicyVersion(1, BEGINNING, with_campaigns(**campaigns))])
        super().__init__(RULES, account_kind(book), Language("/hearth/loyalty", COMMANDS), book)
        self.kinds = {"account": self.kind, **KINDS}
        self.folder.kinds = self.kinds
        for name, each in campaigns.items():
            assert self.tell(DraftCampaign(each), name.replace("_", "-"), f"draft-{name}", day(-1)) == ""
            assert self.tell(ScheduleCampaign(), name.replace("_", "-"), f"schedule-{name}", day(-1)) == ""

    def fold(self, given: Fact) -> None:
        """Apply one fact to the entity of its kind and key."""
        assert self.ask(given) == ""

    def ask(self, given: Fact) -> str:
        """The same; the code of the refusal, or ""."""
        key = Key(RULES[given.type].kind, given.subject)
        head = self.heads.get(key.id) or empty_head(self.kinds, key)
        others = {name: self._facts(name) for name in self.chains}
        folded = self.folder.fold(head, [Item(0, key, given)], "slot", chains=Chains(self._facts(key.id), others))
        if folded.refused:
            error = folded.refused[0][1]
            assert isinstance(error, Refused), error
            return error.code
        if folded.version is not None:
            self.heads[key.id] = folded.head
            self.chains.setdefault(key.id, []).extend(folded.version.facts)
            for out in folded.version.outs:
                self._hear(key.id, out)
        return ""

    def tell(self, data: Any, subject: str, name: str, now: datetime | None = None) -> str:
        """A command; the code of the refusal, or ""."""
        return self.ask(with_subject(command(data, now or day(1), name), subject))

    def play_all(self, *facts: Fact) -> None:
        """Facts, and everything they set off, in order."""
        for each in facts:
            self.fold(each)
            self.deliver()

    def deliver(self) -> None:
        """All messages, in order."""
        while self.box:
            self.fold(self.box.pop(0))

    def budget(self, name: str = VISITS) -> Budgeted:
        """A campaign as it stands."""
        return self.heads[name].state

    def entities(self, kind: str) -> list[Any]:
        """The states of all entities of a kind."""
        return [head.state for head in self.heads.values() if head.key.kind == kind]

    def given(self) -> int:
        """What accounts have of campaigns, by their ledgers."""
        return -sum(account.balances.campaign for account in self.entities("account"))
