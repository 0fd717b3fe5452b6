"""Questions about customers, as both doors ask them. Nothing here knows HTTP or gRPC."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chassis.app import App
from chassis.fold.bringing import facts_of, head_of
from chassis.fold.model import Key
from services.profile.domain.errors import UnknownCustomer
from services.profile.domain.history import state_at
from services.profile.domain.model import Customer


class Customers:
    """The customers of a running service."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def customer(
        self, customer_id: str, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> tuple[Customer, int]:
        """The customer and its version: now, or made of what had happened, or was recorded, by a time.

        Raises `UnknownCustomer` while no fact of this customer has been applied.
        """
        head = await head_of(self._app.store, Key("customer", customer_id))
        if head is None:
            raise UnknownCustomer("no fact about this customer has been applied yet")
        if as_of is None and known_at is None:
            return head.state, head.seq
        return state_at(await self.facts(customer_id), self._apply, as_of, known_at), head.seq

    def _apply(self, customer: Customer, fact: Any) -> Customer:
        folder = self._app.folder
        _, policy = folder.policies.at(fact.recorded_at)
        state: Customer = folder.rules[fact.type].apply(customer, fact, fact.recorded_at, policy)[0]
        return state

    async def facts(self, customer_id: str) -> Sequence[Any]:
        """Every fact about the person a customer is part of, by the time it happened."""
        head = await head_of(self._app.store, Key("customer", customer_id))
        return [] if head is None else await facts_of(self._app.store, self._app.folder, head.key)
