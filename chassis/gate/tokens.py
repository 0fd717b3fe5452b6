"""Bearer tokens: a signed statement of the issuer about who asks. Everything that is not exactly right is refused.

Algorithms are an allow-list of asymmetric ones, so that a token can neither be unsigned nor signed with a public key; keys
come from the issuer (JWKS) by `kid` and are fetched again when a `kid` is unknown, at most once a minute.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from joserfc import errors, jwt
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from chassis.errors import Unauthenticated, Unavailable
from chassis.gate.principal import Principal

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY = 30
"""Seconds by which the issuer's clock and ours may differ."""

LONGEST = 8_192
"""Characters of a token; a longer one is refused unread."""

FETCH_AGAIN = 60.0

Fetch = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets the issuer's key set as parsed JSON; raises OSError."""


class Keys:
    """The issuer's public keys, by `kid`."""

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._monotonic = fetch, monotonic
        self._known: dict[str, Any] = {}
        self._fetched_at = float("-inf")

    async def key(self, kid: str) -> Any:
        """The key of this id, or None. Raises `Unavailable` while the issuer has never answered."""
        if kid not in self._known and self._monotonic() - self._fetched_at >= FETCH_AGAIN:
            await self._renew()
        return self._known.get(kid)

    async def _renew(self) -> None:
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
        header = _header(token)
        if header.get("alg") not in ALGORITHMS:
            raise Unauthenticated("the token's algorithm is not one of the allowed ones")
        key = await self.keys.key(str(header.get("kid", "")))
        if key is None:
            raise Unauthenticated("the token is signed with a key that the issuer does not have")
        try:
            claims = jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims
            self._registry().validate(claims)
        except errors.ExpiredTokenError:
            raise Unauthenticated("the token has expired; get a new one") from None
        except errors.MissingClaimError as error:
            raise Unauthenticated(f"the token has no {error.claim}") from None
        except errors.InvalidClaimError as error:
            raise Unauthenticated(f"the token's {error.claim} is not valid here") from None
        except (errors.JoseError, ValueError):
            raise Unauthenticated("the token's signature is not valid") from None
        return _principal(claims, token)

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._now()),
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.audience},
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


def _header(token: str) -> Mapping[str, Any]:
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
    if not isinstance(name, str) or not name or len(name) > 200 or not name.isprintable():
        raise Unauthenticated("the token's sub is not valid here")
    held = {each: frozenset(found) for each, found in lists.items()}
    return Principal(name, held["roles"], held["projects"], held["team"], token)
