"""Resolvers on a database of their own, with a broker that remembers, and faults at any call."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from chassis.fold.model import Out
from chassis.fold.ports import Transient
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from chassis.store.connect import connect
from chassis.store.system import ensure_indexes
from contracts.fact import Fact
from contracts.intake.envelope import decode_intake
from services.profile.domain.policy import Policy, policy_from
from services.profile.store.claims import ClaimStore
from services.profile.store.inbox import Inbox
from services.profile.store.indexes import INDEXES
from services.profile.store.links import Links
from services.profile.store.vault import Vault
from services.profile.worker.binder import Binder
from services.profile.worker.deciding import Decider
from services.profile.worker.resolver import Arrival, Outcome, Resolver

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
KEK, INDEX_KEY = b"k" * 32, b"i" * 32
POLICY_FILE = Path(__file__).parents[2] / "services" / "profile" / "policy" / "profile.yaml"


def policy(**changes: Any) -> Policy:
    """The shipped policy, changed."""
    return policy_from(yaml.safe_load(POLICY_FILE.read_text()) | changes)


def book(of: Policy) -> PolicyBook:
    """The policy, in force for ever."""
    return PolicyBook([PolicyVersion(1, BEGINNING, of)])


def identifier(type_: str, value: str, **more: Any) -> dict[str, Any]:
    """An identifier as senders write it."""
    return {"type": type_, "value": value, **more}


def five_identifiers(person: int) -> list[dict[str, Any]]:
    """Everything that one of many people is known by, one of each type."""
    return [
        identifier("phone", f"1380000{person:04}"),
        identifier("email", f"p{person}@example.com"),
        identifier("wechat_unionid", f"union-{person}"),
        identifier("wechat_openid", f"open-{person}"),
        identifier("external", f"X{person}", issuer="shop"),
    ]


def contact(*identifiers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A contact as senders write it."""
    return {"identifiers": list(identifiers), **more} if identifiers else more


def event(id_: str, type_: str, time: str = "2026-03-02T01:00:00Z", source: str = "/test", **data: Any) -> bytes:
    """A structured event."""
    head = {"specversion": "1.0", "type": type_, "source": source, "id": id_, "time": time}
    return json.dumps(head | {"data": data}).encode()


def fact(id_: str, type_: str, now: datetime = NOW, **data: Any) -> Fact:
    """An event, decoded."""
    return decode_intake(event(id_, type_, **data), [("content-type", b"application/cloudevents+json")], now)


def described(id_: str, *identifiers: dict[str, Any], **data: Any) -> Fact:
    """Somebody with these identifiers was described."""
    return fact(id_, "crm.customer.described.v1", contact=contact(*identifiers), **data)


class Remembering:
    """A broker that keeps what is published."""

    def __init__(self) -> None:
        self.sent: dict[tuple[str, str], set[tuple[bytes, bytes, tuple[Any, ...]]]] = defaultdict(set)
        self.order: list[Out] = []

    async def publish(self, outs: Sequence[Out]) -> None:
        await asyncio.sleep(0)
        for out in outs:
            source = dict(out.headers)["ce_source"].decode()
            self.sent[source, out.id].add((out.key, out.value, out.headers))
            self.order.append(out)

    def of_type(self, type_: str) -> list[Out]:
        """What was sent of a type, each once."""
        found = {out.id: out for out in self.order if dict(out.headers)["ce_type"].decode() == type_}
        return list(found.values())


class Cut:
    """Raises `Transient` before or after the k-th call, once; counts calls."""

    def __init__(self, at: int = -1) -> None:
        self.calls, self.at = 0, at

    def around(self, target: Any) -> Any:
        return _Cutting(self, target)


class _Cutting:
    def __init__(self, cut: Cut, target: Any) -> None:
        self._cut, self._target = cut, target

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._target, name)
        if not callable(call):
            return call

        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            self._step(name)
            result = await call(*args, **kwargs)
            self._step(name)
            return result

        return wrapped

    def _step(self, name: str) -> None:
        self._cut.calls += 1
        if self._cut.calls - 1 == self._cut.at:
            raise Transient(f"cut at {name}")


class Chance:
    """Raises `Transient` at any call, by chance."""

    def __init__(self, dice: random.Random, probability: float) -> None:
        self.dice, self.probability = dice, probability
        self.calls, self.at = 0, -1

    def around(self, target: Any) -> Any:
        cut = self

        class Cutting(_Cutting):
            def _step(self, name: str) -> None:
                if cut.dice.random() < cut.probability:
                    raise Transient(f"cut at {name}")

        return Cutting(self, target)  # type: ignore[arg-type]


class Town:
    """A profile database and what resolves on it."""

    def __init__(self, mongo_url: str, namespace: str) -> None:
        self.client = connect(mongo_url)
        self.database = self.client[f"{namespace}_hearth_profile"]
        self.broker = Remembering()
        self.links, self.claims, self.inbox = Links(self.database), ClaimStore(self.database), Inbox(self.database)
        self.vault = Vault(self.database, KEK)

    async def open(self) -> "Town":
        await ensure_indexes(self.database, (), INDEXES)
        return self

    async def close(self) -> None:
        await self.client.drop_database(self.database.name)
        await self.client.close()

    def resolver(self, cut: Any = None, of: Policy | None = None) -> Resolver:
        """A resolver of its own, as another process would have it."""
        around: Callable[[Any], Any] = cut.around if cut else lambda target: target
        claims, vault = around(ClaimStore(self.database)), around(Vault(self.database, KEK))
        binder = Binder(around(Links(self.database)), claims, str)
        decider = Decider(claims, vault, binder)
        return Resolver(
            around(Inbox(self.database)), vault, decider, around(self.broker), book(of or policy()), INDEX_KEY, str
        )

    async def resolve(self, *facts: Fact, of: Policy | None = None, now: datetime = NOW) -> list[Outcome]:
        """Resolve facts as one batch."""
        return await self.resolver(of=of).resolve([Arrival(each) for each in facts], now)

    async def root(self, customer: str) -> str:
        """Who a customer is by now."""
        return (await self.links.roots([customer]))[customer]

    async def customer_of(self, each: Fact) -> str:
        """The customer an event was decided to be about."""
        (outcome,) = await self.resolve(each)
        assert outcome.status == "duplicate", outcome
        return outcome.customer
