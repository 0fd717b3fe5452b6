"""A shop in memory: members' accounts and rewards by the chassis' own folder; what they say to each other waits in a box."""

from typing import Any

from chassis.fold.merging import Chains
from chassis.fold.model import Key
from chassis.fold.rules import Item, empty_head
from contracts.errors import Refused
from contracts.fact import Fact
from services.loyalty.domain.commands import ChangeStock, DefineReward, RedeemReward
from services.loyalty.store.account import account_kind
from services.loyalty.store.reward import REWARD
from services.loyalty.worker.table import RULES
from tests.unit.facts import day
from tests.unit.loyalty.accounts import command
from tests.unit.loyalty.test_spending import FULL
from tests.unit.merging import World
from tests.unit.test_merging import SERVICES, with_subject

SHE, KETTLE = "she", "kettle"
RICH = [with_subject(each, SHE) for each in FULL]


class Shop(World):
    """Accounts and rewards in one memory."""

    def __init__(self) -> None:
        service = SERVICES[0]
        super().__init__(service.rules, account_kind(service.policies), service.world().language, service.policies)
        self.kinds = {"account": self.kind, "reward": REWARD}
        self.folder.kinds = self.kinds

    def fold(self, given: Fact) -> None:
        """Apply one fact to the entity of its kind and key."""
        assert self.ask(given) == ""

    def ask(self, given: Fact) -> str:
        """The same; the code of the refusal, or ""."""
        key = Key(RULES[given.type].kind, given.subject)
        head = self.heads.get(key.id) or empty_head(self.kinds, key)
        chains = Chains(self._facts(key.id), {name: self._facts(name) for name in self.chains})
        folded = self.folder.fold(head, [Item(0, key, given)], "slot", chains=chains)
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

    def tell(self, data: Any, subject: str, name: str, now: Any = None) -> str:
        """A command."""
        return self.ask(with_subject(command(data, now or day(1), name), subject))

    def deliver(self) -> None:
        while self.box:
            self.fold(self.box.pop(0))

    def states(self, who: str = SHE) -> list[str]:
        """What was said of a member's redemptions."""
        heard = [self.language.heard(out).data for out in self.said.get(who, [])]
        return [getattr(each, "state", "CONFIRMED") for each in heard if hasattr(each, "redemption_id")]


def shop(*facts: Fact, stock: int = 2, price: int = 300) -> Shop:
    made = Shop()
    for each in facts or RICH:
        made.fold(each)
    assert made.tell(DefineReward("Kettle", price), KETTLE, "define", day(0)) == ""
    assert made.tell(ChangeStock(stock), KETTLE, "stock", day(0)) == ""
    return made


def redeem(made: Shop, name: str = "R1", who: str = SHE, price: int = 300, now: Any = None) -> str:
    return made.tell(RedeemReward(KETTLE, price), who, name, now)


def split(made: Shop, who: str = SHE) -> tuple[int, int, int]:
    own = made.state(who).balances
    return own.active, own.held, own.redeemed


def ledger(made: Shop, who: str = SHE) -> list[Fact]:
    """What an account has published."""
    return [made.language.heard(out) for out in made.said.get(who, [])]
