"""Services among themselves: each signs short-lived tokens with a key of its own, and knows the public keys of the others.

A directory holds both: `<service>.jwk`, the private key (its owner's only), and `services.jwks`, the public ones. The id of
a key is the service's name, or begins with it and a slash, so that no service can speak for another. A service that asks
because a user did passes the user's token on, once, and says with its own who passed it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from joserfc import errors, jwt
from joserfc.jwk import ECKey

from chassis.errors import Forbidden, Unauthenticated
from chassis.gate.principal import OURS, Principal
from chassis.gate.tokens import Keys, claims_of, header_of
from chassis.seal import is_exposed

TYPE = "service+jwt"
"""The header `typ` of such tokens: none can be taken for a user's, nor the other way."""

SECONDS = 120
"""How long one is valid."""

PUBLIC_KEYS = "services.jwks"
HOP = "service-authorization"
"""The metadata in which the passing service shows itself, beside the user's `authorization`."""


class IdentityError(Exception):
    """The key of this service cannot be used; the message says why."""


def prefixed(service: str) -> str:
    """What a service is called as a principal: no issuer calls a user so."""
    return f"{OURS}{service}"


class Signer:
    """Makes the tokens of one service, one for each it asks, anew when half their time has passed."""

    def __init__(self, service: str, key: ECKey, now: Callable[[], float] = time.time) -> None:
        self.service, self._key, self._now = service, key, now
        self._made: dict[str, tuple[float, str]] = {}

    def token(self, audience: str) -> str:
        """A token to show to the service `audience`."""
        now = self._now()
        until, token = self._made.get(audience, (0.0, ""))
        if until - now < SECONDS / 2:
            until, token = now + SECONDS, self._sign(audience, int(now))
            self._made[audience] = until, token
        return token

    def _sign(self, audience: str, now: int) -> str:
        name = prefixed(self.service)
        claims = {"iss": name, "sub": name, "aud": prefixed(audience), "iat": now, "exp": now + SECONDS}
        return jwt.encode({"alg": "ES256", "kid": self._key.kid, "typ": TYPE}, claims, self._key)


class ServiceVerifier:
    """Checks the tokens of other services that are shown to this one."""

    def __init__(self, service: str, keys: Keys, now: Callable[[], float] = time.time) -> None:
        self.service, self.keys, self._now = service, keys, now

    async def verify(self, token: str) -> str:
        """The name, as a principal, of the service that made it; raises `Unauthenticated`."""
        header = header_of(token)
        if header.get("typ") != TYPE:
            raise Unauthenticated("the token's typ is not that of a service's token")
        issuer = prefixed(str(header.get("kid", "")).partition("/")[0])
        claims = await claims_of(token, self.keys, issuer, prefixed(self.service), self._now())
        if claims["sub"] != issuer:
            raise Unauthenticated("the token's sub is not the service that signed it")
        return issuer


def is_service_token(token: str) -> bool:
    """Whether a token says that it is a service's; what is no token at all says nothing."""
    try:
        return header_of(token).get("typ") == TYPE
    except Unauthenticated:
        return False


def identity_of(service: str, directory: Path) -> tuple[Signer, ServiceVerifier]:
    """What a directory makes of a service; the public keys are read again when they may have changed.

    Raises `IdentityError`.
    """
    file = directory / f"{service}.jwk"
    if not file.is_file():
        raise IdentityError(f"{file} does not exist: HEARTH_IDENTITY_DIR holds <service>.jwk and {PUBLIC_KEYS}")
    if is_exposed(file):
        raise IdentityError(f"{file} can be read by others; set its mode to 0600")
    try:
        key = ECKey.import_key(json.loads(file.read_text("utf-8")))
    except (errors.JoseError, ValueError, KeyError, TypeError):
        raise IdentityError(f"{file} is not a key in the form of a JWK (kty EC, crv P-256)") from None
    if not key.is_private or key.curve_name != "P-256" or (key.kid or "").partition("/")[0] != service:
        raise IdentityError(f"{file} must be a private P-256 key whose kid is {service} or begins with {service}/")

    async def fetch() -> Mapping[str, Any]:
        return json.loads((directory / PUBLIC_KEYS).read_text("utf-8"))

    return Signer(service, key), ServiceVerifier(service, Keys(fetch))


def passed_on(asking: Principal | None, own: str | None) -> tuple[tuple[str, str], ...]:
    """The metadata of a question to another service: the user's token if a user asks, and `own`, the token of the service
    that asks now, if it has one. Raises `Forbidden` for what was passed on before: it goes one hop, not two.
    """
    if asking is not None and asking.via:
        raise Forbidden("a request that a service passed on is not passed on again")
    if asking is not None and asking.token:
        hop = ((HOP, f"Bearer {own}"),) if own else ()
        return (("authorization", f"Bearer {asking.token}"), *hop)
    return (("authorization", f"Bearer {own}"),) if own else ()
