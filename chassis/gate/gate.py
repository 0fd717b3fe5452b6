"""The gate in front of every door: who asks, may they do this, to this thing, this often; and it is written down.

Doors are named as the policy table names them: `GET /v1/things/{thing_id}`, `ThingsService/GetThing`. A door that the
table does not name is closed. What a handler does is done only after the gate has let it in.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from chassis.errors import Forbidden
from chassis.gate.audit import Log, entry_of
from chassis.gate.limits import Limit
from chassis.gate.principal import LOCAL_ADMIN, Principal, asking, set_asking
from chassis.gate.table import PUBLIC, Table, Where
from chassis.gate.tokens import Verifier, bearer

Whereabouts = Callable[[Mapping[str, str]], Awaitable[Where]]
"""Where the thing belongs that a request names; gets the request's ids. Raises what the handler would raise if there is
no such thing."""

NOWHERE = Where()


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
    ) -> None:
        self.service, self.table, self.verifier, self.whereabouts = service, table, verifier, whereabouts
        self.audit, self.now = audit, now
        self.requests = Limit(per_second, 2 * per_second, time.monotonic, "requests")
        hourly = table.limits.get("reveals_per_hour", 0)
        self.reveals = Limit(hourly / 3600, hourly, time.monotonic, "revealed values")

    async def know(self, door: str, authorization: str | None, address: str) -> None:
        """Find out who asks at a door, or raise `Unauthenticated` or `TooManyRequests`; nothing else is read before.

        After it, `principal.asking()` says who it is.
        """
        if self.table.operation(self.service, door) != PUBLIC:
            principal = await self._who(authorization, address)
            if self.verifier is not None:
                self.requests.take(principal.name)
            set_asking(principal)

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

    async def _who(self, authorization: str | None, address: str) -> Principal:
        if self.verifier is None:
            return LOCAL_ADMIN._replace(address=address)
        return (await self.verifier.verify(bearer(authorization)))._replace(address=address)

    async def _allow(self, principal: Principal, operation: str | None, asked: Mapping[str, str]) -> None:
        if operation is None:
            raise Forbidden("the policy table does not name this door")
        scopes = self.table.scopes(principal, operation)
        if not scopes:
            raise Forbidden(f"none of your roles may {operation}")
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
