"""Questions about households and commands on them, as both doors ask them. Nothing here knows HTTP or gRPC.

A customer asks at the own account, which knows its household and under which id the household knows the customer; what is
about members and the pool the household decides.
"""

from contextlib import suppress
from typing import Any, NamedTuple

from chassis.app import App
from chassis.errors import IdempotencyKeyReused
from chassis.fold.doors import Done
from chassis.fold.model import Key
from services.loyalty.api.accounts import Accounts, execute
from services.loyalty.domain.household import Household
from services.loyalty.domain.household_commands import (
    AcceptHousehold,
    ContributePoints,
    DeclineHousehold,
    InviteToHousehold,
    LeaveHousehold,
    RemoveFromHousehold,
    WithdrawPoints,
)
from services.loyalty.domain.household_errors import (
    AlreadyInvited,
    InvitationToOneself,
    NotInHousehold,
    UnknownHousehold,
)
from services.loyalty.domain.membership import Membership
from services.loyalty.domain.model import Account
from services.loyalty.domain.pools import told
from services.loyalty.domain.statement import Reason, explain

Answer = tuple[dict[str, Any], Done]


class Who(NamedTuple):
    """Who asks: a customer, of which household (None: the customer's own), and the caller with key and expected version: the
    account's for a contribution, else the household's.
    """

    customer_id: str
    household_id: str | None
    caller: str
    key: str | None
    expected: int | None = None


class Homes:
    """The households of a running service."""

    def __init__(self, app: App, accounts: Accounts) -> None:
        self._app, self._accounts = app, accounts

    async def household(self, household_id: str) -> tuple[dict[str, Any], int]:
        """A household with its pool, and its version; raises `UnknownHousehold`, also where it has ended."""
        state, seq = await self._household(household_id)
        return told(state, household_id, self._app.clock.now()), seq

    async def explain(self, household_id: str) -> list[Reason]:
        """Every movement of a pool, and why; their points sum to what is in it."""
        await self._household(household_id)
        outs = await self._app.store.said(Key("household", household_id))
        return explain((self._app.definition.language.heard(out) for out in outs), "active")

    async def memberships(self, customer_id: str) -> tuple[Account, list[Membership], int]:
        """The account, what its customer is to households now, and the account's version."""
        account, seq = await self._accounts.account(customer_id)
        return account, [each for each in account.memberships.values() if each.state != "OUT"], seq

    async def answer(self, who: Who, answer: type[AcceptHousehold | DeclineHousehold]) -> Answer:
        """Agree to an invitation, or do not: where two customers who are one are invited, to the newest that waits, unless
        this very command was given for another one, or by an older release for none by name.
        """
        account, _ = await self._accounts.account(who.customer_id)
        asked = [each for each in account.memberships.values() if each.household == who.household_id]
        asked.sort(key=lambda each: (each.state == "INVITED", each.number), reverse=True)
        for member in [each.member for each in asked]:
            with suppress(IdempotencyKeyReused):
                return await self._answer(who, answer(who.household_id or "", member))
        return await self._answer(who, answer(who.household_id or ""))

    async def _answer(self, who: Who, data: AcceptHousehold | DeclineHousehold) -> Answer:
        return await self._accounts.command(who.customer_id, data, who.caller, who.key, who.expected)

    async def invite(self, who: Who, member: str) -> Answer:
        """Ask a customer to join; raises `UnknownAccount` if there is none, `InvitationToOneself` also where the two were
        merged into one, `AlreadyInvited`.
        """
        own = await self._own(who)
        data, entity = InviteToHousehold(own.member, member), Key("household", own.household)
        asked, _ = await self._accounts.account(member)
        there = {each.key for each in asked.memberships.values() if each.household == own.household}
        if not await self._accounts.knows_at(entity, data, who.caller, who.key):
            if own.key in there:
                raise InvitationToOneself("choose another customer", "/member")
            if any(asked.memberships[key].state != "OUT" for key in there):
                raise AlreadyInvited("nothing has to be done", "/member")
        return await self._on_household(who, own, data)

    async def remove(self, who: Who, member: str) -> Answer:
        """Remove a member, or take an invitation back."""
        own = await self._own(who)
        return await self._on_household(who, own, RemoveFromHousehold(own.member, member))

    async def leave(self, who: Who) -> Answer:
        """Leave the household."""
        own = await self._own(who)
        return await self._on_household(who, own, LeaveHousehold(own.member))

    async def withdraw(self, who: Who, points: int) -> Answer:
        """Have points out of the pool; they come in a moment."""
        own = await self._own(who)
        return await self._on_household(who, own, WithdrawPoints(own.member, points))

    async def contribute(self, who: Who, points: int) -> Answer:
        """Give points to the pool, of which the customer is known to be a member, unless this very command was carried out
        before; they are there in a moment.
        """
        own = await self._own(who)
        data = ContributePoints(own.household, own.member, points)
        if not own.known and not await self._accounts.knows(who.customer_id, data, who.caller, who.key):
            raise NotInHousehold("the customer has left, or the household has not answered yet")
        return await self._accounts.command(who.customer_id, data, who.caller, who.key, who.expected)

    async def _own(self, who: Who) -> Membership:
        """The membership that is asked by: the one in force, or else the last, so that a repetition gets its answer."""
        account, _ = await self._accounts.account(who.customer_id)
        wanted = who.household_id or account.household
        found = [each for each in account.memberships.values() if each.state != "INVITED"]
        found = [each for each in found if not wanted or each.household == wanted]
        if not found:
            raise NotInHousehold("found one, or accept an invitation")
        return max(found, key=lambda each: (each.within, each.number))

    async def _on_household(self, who: Who, own: Membership, data: Any) -> Answer:
        entity = Key("household", own.household)
        return await execute(self._app, entity, own.household, data, who.caller, who.key, who.expected)

    async def _household(self, household_id: str) -> tuple[Household, int]:
        key = Key("household", household_id)
        head = (await self._app.store.heads([key])).get(key)
        if head is None or not head.state.head:
            raise UnknownHousehold("it was not founded, a moment ago perhaps, or has ended", "/household_id")
        return head.state, head.seq
