"""The gate in front of every door: who asks, may they do this, to this thing, this often; and it is written down.

Doors are named as the policy table names them: `GET /v1/things/{thing_id}`, `ThingsService/GetThing`. A door that the
table does not name is closed. What a handler does is done only after the gate has let it in.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chassis.errors import Forbidden, TooManyRequests, Unauthenticated
from chassis.gate.audit import Log, entry_of
from chassis.gate.device import device_mark
from chassis.gate.limits import Limit
from chassis.gate.principal import LOCAL_ADMIN, SERVICE, Principal, asking, is_asked, set_asking
from chassis.gate.quotas import Counts, window_of
from chassis.gate.services import ServiceVerifier, Signer, is_service_token, passed_on
from chassis.gate.table import PUBLIC, Table, Where
from chassis.gate.tokens import Verifier, bearer

Whereabouts = Callable[[Mapping[str, str]], Awaitable[Where]]
"""Where the thing belongs that a request names; gets the request's ids. Raises what the handler would raise if there is
no such thing."""

NOWHERE = Where()

URL_TOKENS = frozenset({"access_token", "authorization", "bearer", "id_token", "jwt", "token"})
"""Names under which people put tokens into URLs."""

STRANGERS_NOTED = (1.0, 100.0)
"""Of requests without a valid token so many a second are written down of an address, and so many at once: a flood of
them must not fill the audit log."""


class Shown(NamedTuple):
    """What a request shows of who asks: tokens (the caller's, and that of the service that passes it on), the address it
    comes from, the names in its query, and the device that it says it comes from.
    """

    authorization: str | None
    address: str
    through: str | None = None
    query: Collection[str] = ()
    device: str | None = None


class Gate:
    """The gate of one process. `verifier` None: no authentication, everybody is `local-admin`."""

    def __init__(
        self,
        service: str,
        table: Table,
        verifier: Verifier | None,
        whereabouts: Mapping[str, Whereabouts],
        audit: Log,
        now: Callable[[], datetime],
        per_second: float = 0.0,
        counts: Counts | None = None,
        identity: tuple[Signer, ServiceVerifier] | None = None,
        device_key: bytes = b"",
    ) -> None:
        self.service, self.table, self.verifier, self.whereabouts = service, table, verifier, whereabouts
        self.audit, self.now, self.counts, self.device_key = audit, now, counts, device_key
        self.signer, self.services = identity or (None, None)
        self.requests = Limit(per_second, max(1.0, 2 * per_second), time.monotonic, "requests")
        self.strangers, self._unwritten = Limit(*STRANGERS_NOTED, time.monotonic, "strangers"), 0

    async def know(self, door: str, shown: Shown) -> None:
        """Find out who asks at a door, or raise `Unauthenticated` or `TooManyRequests`; nothing else is read before.

        After it, `principal.asking()` says who it is.
        """
        operation = self.table.operation(self.service, door)
        if operation == PUBLIC:
            return
        try:
            principal = await self._who(shown)
        except Unauthenticated as error:
            await self._note_stranger(door, operation or "", shown.address, error.detail)
            raise
        if self.verifier is not None:
            self.requests.take(principal.name)
        set_asking(principal._replace(device=device_mark(self.device_key, shown.device)))

    async def admit(self, door: str, asked: Mapping[str, str]) -> None:
        """Let whoever asks in, or raise `Forbidden`. `asked` are the ids in the request, and its reason."""
        operation = self.table.operation(self.service, door)
        if operation == PUBLIC:
            return
        principal = asking()
        try:
            await self._allow(principal, operation, asked)
        except Forbidden:
            await self._write(principal, door, operation or "", asked, "denied")
            raise
        if operation in self.table.audited:
            await self._write(principal, door, operation, asked, "allowed")

    def is_counted(self, door: str) -> bool:
        """Whether what this door hands out counts towards the caller's export quota."""
        return self.verifier is not None and self.table.operation(self.service, door) in self.table.exported

    async def spend(self, quota: str, count: int) -> None:
        """Count something towards a quota of the policy table; raises `TooManyRequests` if it is used up."""
        most = self.table.limits.get(quota)
        if self.verifier is None or self.counts is None or most is None:
            return
        window = window_of(self.now(), quota)
        if not await self.counts.take(quota, asking().name, window.start, count, int(most)):
            error = TooManyRequests(f"{quota} is {most:g}, and with this it would be more: ask for less, or later")
            error.retry_after = window.left
            raise error

    def credentials_for(self, peer: str) -> tuple[tuple[str, str], ...]:
        """The metadata of a question to another service; raises `Forbidden` for what was passed on before."""
        principal = asking() if is_asked() else None
        return passed_on(principal, self.signer.token(peer) if self.signer is not None and self.verifier else None)

    async def _who(self, shown: Shown) -> Principal:
        if self.verifier is None:
            return LOCAL_ADMIN._replace(address=shown.address)
        if any(name.lower() in URL_TOKENS for name in shown.query):
            raise Unauthenticated(
                "a token in a URL is kept in logs: withdraw it, send the header Authorization instead"
            )
        token = bearer(shown.authorization)
        if is_service_token(token):
            return Principal(await self._service(token), frozenset({SERVICE}), address=shown.address)
        via = await self._service(bearer(shown.through)) if shown.through else ""
        return (await self.verifier.verify(token))._replace(address=shown.address, via=via)

    async def _service(self, token: str) -> str:
        if self.services is None:
            raise Unauthenticated("this service does not know the keys of others: HEARTH_IDENTITY_DIR is not set")
        return await self.services.verify(token)

    async def _note_stranger(self, door: str, operation: str, address: str, why: str) -> None:
        try:
            self.strangers.take(address)
        except TooManyRequests:
            self._unwritten += 1
            return
        what = {"reason": why} | ({"unwritten_before": str(self._unwritten)} if self._unwritten else {})
        self._unwritten = 0
        await self._write(Principal("", address=address), door, operation, what, "denied")

    async def _allow(self, principal: Principal, operation: str | None, asked: Mapping[str, str]) -> None:
        if operation is None:
            raise Forbidden("the policy table does not name this door")
        scopes = self.table.scopes(principal, operation)
        if not scopes:
            unknown = len(principal.roles - self.table.roles.keys())
            known = f"; {unknown} of them the policy table does not know" if unknown else ""
            raise Forbidden(f"none of your {len(principal.roles)} roles may {operation}{known}")
        if scopes[0] == "all":
            return
        resource = operation.partition(".")[0]
        find = self.whereabouts.get(resource)
        where = await find(asked) if find is not None else NOWHERE
        if not any(where.within(scope, principal) for scope in scopes):
            raise Forbidden(f"you may {operation} only within your {' or '.join(scopes)}, and this is not")

    async def _write(
        self, principal: Principal, door: str, operation: str, asked: Mapping[str, str], outcome: str
    ) -> None:
        await self.audit.append(entry_of(self.now(), principal, door, operation, asked, outcome))


def ids_in(found: Mapping[str, Any]) -> dict[str, str]:
    """What the gate looks at and the audit log keeps of a request: its ids and its reason, nothing else, for the rest may
    be personal.
    """
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, str) and value and (name.endswith("_id") or name in ("id", "reason"))
    }
