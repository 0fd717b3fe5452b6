"""Questions about customers, as both doors ask them. Nothing here knows HTTP or gRPC."""

from datetime import datetime

from chassis.app import App
from chassis.fold.model import Key
from contracts.fact import Fact
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
        key = Key("customer", customer_id)
        head = (await self._app.store.heads([key])).get(key)
        if head is None:
            raise UnknownCustomer("no fact about this customer has been applied yet")
        if as_of is None and known_at is None:
            return head.state, head.seq
        return state_at(await self.facts(customer_id), as_of, known_at), head.seq

    async def facts(self, customer_id: str) -> list[Fact]:
        """Every fact about a customer, in the order applied."""
        history = await self._app.store.history(Key("customer", customer_id))
        return [self._app.definition.language.fact(recorded) for _, recorded in history]
