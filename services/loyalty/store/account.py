"""The first kind of entity of loyalty: a customer's account."""

from datetime import UTC, datetime
from typing import Any

from chassis.fold.model import Due, Kind
from chassis.policy import PolicyBook
from chassis.service import Index
from services.loyalty.domain.merging import correct, replay
from services.loyalty.domain.model import EMPTY, Account
from services.loyalty.domain.timers import next_due

END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

INDEXES = (Index("accounts", (("tier", 1),)),)


def account_kind(policies: PolicyBook) -> Kind:
    """Accounts, with what they wait for under the newest policy."""

    def due(account: Account) -> Due | None:
        waiting = next_due(account, policies.at(END_OF_TIME)[1])
        return None if waiting is None else Due(waiting.kind, waiting.due_at)

    return Kind("account", "accounts", Account, lambda _customer: EMPTY, searched, due, correct, replay)


def searched(account: Account) -> dict[str, Any]:
    """The fields of the view that lists search."""
    return {"tier": account.tier, "active": account.balances.active, "pending": account.balances.pending}
