"""Who asks. Set by the gate before a handler runs, read by whoever needs a name for it."""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple


class Principal(NamedTuple):
    """A user or a service. `name` is what the issuer calls them (an opaque id, never a person's name).

    `projects` are those they work for, `team` the names of the people they answer for; `token` is what they showed, to be
    passed on to the one hop behind. `address` is where the request came from, `via` the service that passed it on,
    `device` what stands for the device that it says it comes from.
    """

    name: str
    roles: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    team: frozenset[str] = frozenset()
    token: str = ""
    address: str = ""
    via: str = ""
    device: str = ""


SERVICE = "service"
"""The role of a service that asks for itself."""

OURS = "/hearth/"
"""How the names of services begin, and those of no user."""

LOCAL_ADMIN = Principal("local-admin", frozenset({"local-admin"}))
"""Everybody, while there is no authentication and every listener is loopback."""

RESERVED = frozenset({SERVICE, "local-admin"})
"""Roles that no issuer gives: a token that claims one is refused."""

_asking: ContextVar[Principal | None] = ContextVar("principal", default=None)


def asking() -> Principal:
    """Who asks now. Outside a request there is nobody: raises LookupError."""
    found = _asking.get()
    if found is None:
        raise LookupError("nobody asks: this code runs outside a request")
    return found


def is_asked() -> bool:
    """Whether this is inside a request."""
    return _asking.get() is not None


def set_asking(principal: Principal) -> None:
    """From here on, in this request, it is this principal who asks."""
    _asking.set(principal)
