"""Bearer tokens: a signed statement of the issuer about who asks. Everything that is not exactly right is refused.

Algorithms are an allow-list of asymmetric ones, so that a token can neither be unsigned nor signed with a public key; keys
come from the issuer (JWKS) by `kid` and are fetched again when a `kid` is unknown, at most once a minute, and every five
minutes, so that a key that the issuer withdrew ends. A token that is no user's says so in its `typ` and is refused here.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from joserfc import errors, jwt
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from chassis.errors import Unauthenticated, Unavailable
from chassis.gate.principal import OURS, RESERVED, Principal

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY = 30
"""Seconds by which the issuer's clock and ours may differ."""

LONGEST = 8_192
"""Characters of a token; a longer one is refused unread."""

FETCH_AGAIN, STALE = 60.0, 300.0
"""Seconds: the issuer is asked at most so often, and a key is trusted so long without asking."""

USER_TYPES = (None, "JWT", "at+jwt")
"""The header `typ` of tokens about users (RFC 8725, explicit typing)."""

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets the issuer's key set as parsed JSON; raises OSError."""


class Keys:
    """The issuer's public keys, by `kid`."""

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._monotonic = fetch, monotonic
        self._known: dict[str, Any] = {}
        self._fetched_at = self._tried_at = float("-inf")
        self._turn = asyncio.Lock()

    async def key(self, kid: str) -> Any:
        """The key of this id, or None. Raises `Unavailable` while the issuer has never answered; later, while it does not
        answer, what is known goes on.
        """
        if self._is_old(kid):
            async with self._turn:
                if self._is_old(kid):
                    await self._renew()
        return self._known.get(kid)

    def _is_old(self, kid: str) -> bool:
        now = self._monotonic()
        due = kid not in self._known or now - self._fetched_at >= STALE
        return not self._known or (due and now - self._tried_at >= FETCH_AGAIN)

    async def _renew(self) -> None:
        self._tried_at = self._monotonic()
        try:
            found = KeySet.import_key_set(await self._fetch())  # type: ignore[arg-type]
        except (OSError, errors.JoseError, ValueError, KeyError, TypeError):
            if not self._known:
                raise Unavailable("the issuer of tokens does not answer; try again") from None
            return
        self._fetched_at = self._monotonic()
        self._known = {key.kid: key for key in found.keys if key.kid and not key.is_private}


class Verifier:
    """Checks tokens of one issuer for one audience."""

    def __init__(self, issuer: str, audience: str, keys: Keys, now: Callable[[], float] = time.time) -> None:
        self.issuer, self.audience, self.keys, self._now = issuer, audience, keys, now

    async def verify(self, token: str) -> Principal:
        """Who the token is about; raises `Unauthenticated` with what is wrong, never with what it holds."""
        if header_of(token).get("typ") not in USER_TYPES:
            raise Unauthenticated("the token's typ is not that of a user's token")
        return _principal(await claims_of(token, self.keys, self.issuer, self.audience, self._now()), token)


async def claims_of(token: str, keys: Keys, issuer: str, audience: str, now: float) -> Mapping[str, Any]:
    """What a token says if it is exactly right: signed by a key in `keys`, of this issuer, for this audience, valid now.

    Raises `Unauthenticated`.
    """
    header = header_of(token)
    if header.get("alg") not in ALGORITHMS:
        raise Unauthenticated("the token's algorithm is not one of the allowed ones")
    key = await keys.key(str(header.get("kid", "")))
    if key is None:
        raise Unauthenticated("the token is signed with a key that the issuer does not have")
    try:
        claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
        _registry(issuer, audience, now).validate(claims)
    except errors.ExpiredTokenError:
        raise Unauthenticated("the token has expired; get a new one") from None
    except errors.MissingClaimError as error:
        raise Unauthenticated(f"the token has no {error.claim}") from None
    except errors.InvalidClaimError as error:
        raise Unauthenticated(f"the token's {error.claim} is not valid here") from None
    except (errors.JoseError, ValueError):
        raise Unauthenticated("the token's signature is not valid") from None
    return claims


def _registry(issuer: str, audience: str, now: float) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=int(now),
        leeway=LEEWAY,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": audience},
        sub={"essential": True},
        exp={"essential": True},
    )


def bearer(authorization: str | None) -> str:
    """The token in an `Authorization` header; raises `Unauthenticated`."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("send the header Authorization: Bearer <token>")
    if len(token) > LONGEST:
        raise Unauthenticated("the token is too long")
    return token.strip()


def header_of(token: str) -> Mapping[str, Any]:
    """What stands in front of a token, not verified yet; raises `Unauthenticated`."""
    try:
        return extract_compact(token.encode()).headers()
    except Exception:  # whatever a stranger's bytes make a parser raise
        raise Unauthenticated("this is no token") from None


def _principal(claims: Mapping[str, Any], token: str) -> Principal:
    """What the token says, as far as it has the form it must have: lists of text."""
    lists = {name: claims.get(name, []) for name in ("roles", "projects", "team")}
    for name, found in lists.items():
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise Unauthenticated(f"the token's {name} is not a list of text")
    name = claims["sub"]
    if not isinstance(name, str) or not 1 <= len(name) <= 200 or not name.isprintable() or name.startswith(OURS):
        raise Unauthenticated("the token's sub is not valid here")
    held = {each: frozenset(found) for each, found in lists.items()}
    if held["roles"] & RESERVED:
        raise Unauthenticated("the token claims a role that only Hearth itself gives")
    return Principal(name, held["roles"], held["projects"], held["team"], token)
