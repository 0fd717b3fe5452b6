"""What every command by HTTP comes with, and how it is carried out."""

from collections.abc import Awaitable
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Response

from chassis.fold.doors import Done
from chassis.gate.principal import asking
from chassis.web import etag, expected_version, idempotency_key
from services.loyalty.api.accounts import Accounts

CustomerId = Annotated[str, Path(min_length=1, max_length=64, description="The customer's opaque id.")]
HoldId = Annotated[str, Path(min_length=1, max_length=64, description="The hold's id.")]
DEVICE = (
    "An opaque id of the device that this comes from, for the limit of the day. The gate reads it; only a mark is kept."
)


class Asked:
    """The headers of a command: its idempotency key, and the version it expects."""

    def __init__(
        self,
        response: Response,
        key: Annotated[str | None, Depends(idempotency_key)] = None,
        expected: Annotated[int | None, Depends(expected_version)] = None,
        _device: Annotated[str | None, Header(alias="Hearth-Device", description=DEVICE)] = None,
    ) -> None:
        self.response, self.key, self.expected = response, key, expected

    async def carry_out(self, accounts: Accounts, customer_id: str, data: Any) -> dict[str, Any]:
        """Carry out a command and answer with the version it made."""
        return await self.answered(accounts.command(customer_id, data, asking().name, self.key, self.expected))

    async def offer(self, accounts: Accounts, customer_id: str, to: str, points: int) -> dict[str, Any]:
        """Offer points to another member."""
        return await self.answered(accounts.offer(customer_id, to, points, asking().name, self.key, self.expected))

    async def answered(self, outcome: Awaitable[tuple[dict[str, Any], Done]]) -> dict[str, Any]:
        """The answer of a command, with the version it made in the headers."""
        answer, done = await outcome
        self.response.headers.update(etag(done.seq))
        return answer


Asking = Annotated[Asked, Depends()]
