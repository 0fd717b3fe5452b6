"""Questions about accounts and commands on them, as both doors ask them. Nothing here knows HTTP or gRPC."""

from functools import partial
from typing import Any

import msgspec

from chassis.app import App
from chassis.commands import command_id
from chassis.fold.bringing import facts_of, head_of
from chassis.fold.doors import Command, Done
from chassis.fold.model import Head, Key
from chassis.fold.rules import may_know
from contracts.fact import Fact
from services.loyalty.api.campaigns import apply_rule
from services.loyalty.api.quotas import SPENDING, Quotas
from services.loyalty.domain import submitting
from services.loyalty.domain.commands import OfferTransfer, SubmitReferral
from services.loyalty.domain.errors import TransferToOneself, UnknownAccount, UnknownFact
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.referral_errors import ReferralOfOneself, UnknownReferral
from services.loyalty.domain.simulating import Answered, answers_to
from services.loyalty.domain.statement import Line, Reason, explain, explain_silence, movements_of, statement
from services.loyalty.domain.submitting import refuse_hopeless
from services.loyalty.timers.due import SOURCE


class Accounts:
    """The accounts of a running service."""

    def __init__(self, app: App) -> None:
        self._app, self.quotas = app, Quotas(app)

    async def account(self, customer_id: str) -> tuple[Account, int]:
        """The account and its version, as of its newest version; raises `UnknownAccount`."""
        head = await self._head(customer_id)
        return head.state, head.seq

    async def standing(self, customer_id: str) -> tuple[Account, Policy]:
        """The account, and the policy in force now."""
        account, _ = await self.account(customer_id)
        return account, self._app.policies.at(self._app.clock.now())[1]

    async def statement(self, customer_id: str) -> list[Line]:
        """All movements in the order booked, each with the balances after it."""
        return statement(await self.ledger(customer_id))

    async def explain(self, customer_id: str, balance: str) -> list[Reason]:
        """All movements on one balance; their points sum to it."""
        return explain(await self.ledger(customer_id), balance)

    async def explain_fact(self, customer_id: str, source: str, fact_id: str) -> tuple[list[Reason], str]:
        """The movements that a fact caused; if there are none, why. Raises `UnknownFact`."""
        head = await self._head(customer_id)
        moved, cause = movements_of(await self.ledger(customer_id), source, fact_id), f"{source} {fact_id}"
        if moved:
            return moved, ""
        known = await self._app.store.recall({head.key: [cause]})
        if (head.key, cause) not in known:
            raise UnknownFact
        return [], explain_silence(known[head.key, cause].recorded.type)

    async def campaigns_on(self, customer_id: str, source: str, fact_id: str) -> list[Answered]:
        """What campaigns said of a fact, and gave for it."""
        head = await self._head(customer_id)
        facts: Any = await facts_of(self._app.store, self._app.folder, head.key)
        policies = self._app.policies
        return answers_to(facts, source, fact_id, lambda moment: policies.at(moment)[1], apply_rule)

    async def command(
        self, customer_id: str, data: Any, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], Done]:
        """Carry out a command under the caller's idempotency key; returns the answer and how it was done. What sets points
        aside does so within the limits of the day, of the household, the agent and the device; raises what refuses it.
        """
        head = await self._head(customer_id)
        entity = Key("account", customer_id)
        carry_out = partial(execute, self._app, entity, head.key.id, data, caller, key, expected)
        limited = (
            self.quotas.limited(head.state, {customer_id, head.key.id}, caller) if isinstance(data, SPENDING) else {}
        )
        if not limited or await self._carried_out(head, customer_id, data, caller, key):
            return await carry_out()
        return await self.quotas.spend(limited, _name(entity, data, caller, key), data.points, carry_out)

    async def knows(self, customer_id: str, data: Any, caller: str, key: str | None) -> bool:
        """Whether a command under this idempotency key was carried out before."""
        head, asked = await self._head(customer_id), Key("account", customer_id)
        return await self.knows_at(asked, data, caller, key, head.key)

    async def knows_at(self, asked: Key, data: Any, caller: str, key: str | None, *others: Key) -> bool:
        """The same of a command on any entity, or on one of `others`."""
        cause = f"{SOURCE} {_name(asked, data, caller, key)}"
        return bool(await self._app.store.recall({each: [cause] for each in (*others, asked)}))

    async def offer(
        self, customer_id: str, to: str, points: int, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], Done]:
        """Offer points to another member; raises `UnknownAccount` if there is none, `TransferToOneself` also where the two
        were merged into one.
        """
        if (await self._head(to)).key == (await self._head(customer_id)).key:
            raise TransferToOneself("choose another member", "/to")
        return await self.command(customer_id, OfferTransfer(to, points), caller, key, expected)

    async def refer(
        self, customer_id: str, data: SubmitReferral, caller: str, key: str | None, expected: int | None = None
    ) -> tuple[dict[str, Any], Done]:
        """Submit a referral. What the referee's account would answer is asked before, so that a hopeless one is refused at
        once; a repetition is not asked again.
        """
        known = await head_of(self._app.store, Key("account", data.referee))
        if known is not None and not await self.knows(customer_id, data, caller, key):
            if known.key == (await self._head(customer_id)).key:
                raise ReferralOfOneself("choose another person", "/referee")
            now = self._app.clock.now()
            refuse_hopeless(known.state, customer_id, now, self._app.policies.at(now)[1])
        return await self.command(customer_id, data, caller, key, expected)

    async def referrals(self, customer_id: str) -> tuple[list[dict[str, Any]], int]:
        """What has become of all referrals of a member, the newest first, and the account's version."""
        account, seq = await self.account(customer_id)
        return submitting.all_told(account), seq

    async def referral(self, customer_id: str, referee: str) -> tuple[dict[str, Any], int]:
        """What has become of a referral, and the account's version; raises `UnknownReferral`."""
        account, seq = await self.account(customer_id)
        if referee not in account.referrals:
            raise UnknownReferral("submit it, or look at the list of referrals")
        return submitting.told(account, referee), seq

    async def _carried_out(self, head: Head, customer_id: str, data: Any, caller: str, key: str | None) -> bool:
        name, now = _name(Key("account", customer_id), data, caller, key), self._app.clock.now()
        known = head.key.id != customer_id or may_know(head, Fact(SOURCE, name, data.TYPE, customer_id, now, now, data))
        return known and await self.knows(customer_id, data, caller, key)  # most are new, which no chain is read for

    async def _head(self, customer_id: str) -> Head:
        found = await head_of(self._app.store, Key("account", customer_id))
        if found is None:
            raise UnknownAccount("no fact about this customer has been applied yet")
        return found

    async def ledger(self, customer_id: str, before: str = "") -> list[Fact]:
        """All that an account has said, in the order said; `before` that, all that another one has, merged into it since."""
        head = await self._head(customer_id)
        keys = [Key("account", before)] if before not in ("", head.key.id) else []
        outs = [out for key in (*keys, head.key) for out in await self._app.store.said(key)]
        return [self._app.definition.language.heard(out) for out in outs]


async def execute(
    app: App, entity: Key, subject: str, data: Any, caller: str, key: str | None, expected: int | None
) -> tuple[dict[str, Any], Done]:
    """Carry out a command on an entity under the caller's idempotency key. `subject` is who others are to answer to: the
    entity, or the one it is merged into.
    """
    now = app.clock.now()
    fact = Fact(SOURCE, _name(entity, data, caller, key), data.TYPE, subject, now, now, data)
    done = await app.commands.execute(entity, Command(fact, expected))
    return msgspec.msgpack.decode(done.answer), done


def _name(entity: Key, data: Any, caller: str, key: str | None) -> str:
    return command_id(f"{caller} {data.TYPE} {entity.id}", key)
