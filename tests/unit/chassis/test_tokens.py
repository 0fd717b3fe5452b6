"""Tokens: what is exactly right is let in; whatever is not, is refused in words that do not repeat it."""

import asyncio
import base64
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from chassis.errors import Unauthenticated, Unavailable
from chassis.gate.tokens import LEEWAY, LONGEST, STALE, Keys, Verifier, bearer

ISSUER, AUDIENCE = "https://issuer.example", "hearth"
NOW = 1_800_000_000
KEY = ECKey.generate_key("P-256", parameters={"kid": "one", "use": "sig"})
OTHER = ECKey.generate_key("P-256", parameters={"kid": "two", "use": "sig"})
RSA = RSAKey.generate_key(2048, parameters={"kid": "rsa", "use": "sig"})


def public(*keys: Any) -> Mapping[str, Any]:
    """What the issuer publishes."""
    return KeySet(list(keys)).as_dict(private=False)


def fetching(*answers: Any) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    """An issuer that gives these answers in turn, the last one for ever."""
    left = list(answers)

    async def fetch() -> Mapping[str, Any]:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    return fetch


def verifier(keys: Keys | None = None) -> Verifier:
    return Verifier(ISSUER, AUDIENCE, keys or Keys(fetching(public(KEY, RSA))), lambda: NOW)


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; None leaves one out."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "user-7", "exp": NOW + 300, "iat": NOW, "roles": ["consultant"]}
    return {name: value for name, value in (good | {"projects": ["P1"]} | changes).items() if value is not None}


def signed(key: Any = KEY, alg: str = "ES256", kid: str | None = None, **changes: Any) -> str:
    return jwt.encode({"alg": alg, "kid": kid or key.kid}, claims(**changes), key, algorithms=[alg])


def handmade(header: dict[str, Any], signature: bytes = b"") -> str:
    """A token put together by hand, as libraries refuse to."""
    parts = json.dumps(header).encode(), json.dumps(claims()).encode(), signature
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


async def test_a_good_token_says_who_asks() -> None:
    found = await verifier().verify(signed(team=["user-8"]))
    assert (found.name, found.roles, found.projects, found.team) == (
        "user-7",
        {"consultant"},
        {"P1"},
        {"user-8"},
    )
    assert (await verifier().verify(signed(RSA, "RS256"))).name == "user-7"


def confused() -> str:
    """Signed with the issuer's public key, as if it were a shared secret."""
    signed = handmade({"alg": "HS256", "kid": "rsa"}).rpartition(".")[0]
    mark = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mark).rstrip(b'=').decode()}"


BAD: dict[str, tuple[Callable[[], str], str]] = {
    "alg none": (lambda: handmade({"alg": "none", "kid": "one"}), "algorithm"),
    "alg NoNe": (lambda: handmade({"alg": "NoNe", "kid": "one"}), "algorithm"),
    "no alg": (lambda: handmade({"kid": "one"}), "no token"),
    "a public key as a secret": (confused, "algorithm"),
    "another algorithm than the key's": (lambda: handmade({"alg": "RS256", "kid": "one"}, b"x" * 64), "signature"),
    "unknown kid": (lambda: signed(OTHER), "does not have"),
    "no kid": (lambda: handmade({"alg": "ES256"}, b"x" * 64), "does not have"),
    "signed by somebody else under a known kid": (lambda: signed(OTHER, kid="one"), "signature"),
    "changed": (lambda: signed()[:-4] + "AAAA", "signature"),
    "expired": (lambda: signed(exp=NOW - LEEWAY - 1), "expired"),
    "not yet valid": (lambda: signed(nbf=NOW + LEEWAY + 1), "nbf"),
    "issued in the future": (lambda: signed(iat=NOW + LEEWAY + 1), "iat"),
    "wrong audience": (lambda: signed(aud="another"), "aud"),
    "no audience": (lambda: signed(aud=None), "aud"),
    "another issuer": (lambda: signed(iss="https://evil.example"), "iss"),
    "no expiry": (lambda: signed(exp=None), "exp"),
    "no subject": (lambda: signed(sub=None), "sub"),
    "a subject with a line break": (lambda: signed(sub="a\nb"), "sub"),
    "a service's name": (lambda: signed(sub="/hearth/leads"), "sub"),
    "a role that only Hearth gives": (lambda: signed(roles=["consultant", "local-admin"]), "only Hearth"),
    "a service's role": (lambda: signed(roles=["service"]), "only Hearth"),
    "another typ": (lambda: jwt.encode({"alg": "ES256", "kid": "one", "typ": "service+jwt"}, claims(), KEY), "typ"),
    "roles as text": (lambda: signed(roles="ops"), "roles"),
    "projects of numbers": (lambda: signed(projects=[1]), "projects"),
    "not a token": (lambda: "hello", "no token"),
    "three dots": (lambda: "...", "no token"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_token_is_refused(case: str) -> None:
    make, word = BAD[case]
    token = make()
    with pytest.raises(Unauthenticated) as refused:
        await verifier().verify(token)
    assert word in refused.value.detail
    assert token not in refused.value.detail


async def test_the_clocks_may_differ_a_little() -> None:
    assert (await verifier().verify(signed(exp=NOW - LEEWAY + 1))).name == "user-7"


async def test_several_audiences_may_be_named() -> None:
    assert (await verifier().verify(signed(aud=["another", AUDIENCE]))).name == "user-7"


async def test_a_new_key_of_the_issuer_is_found_and_an_old_one_forgotten() -> None:
    now = [0.0]
    keys = Keys(fetching(public(KEY), public(OTHER)), lambda: now[0])
    assert await keys.key("one") is not None
    assert await keys.key("two") is None, "asked again too soon: a stranger's kid is no reason to ask the issuer"
    now[0] = 61.0
    assert await keys.key("two") is not None
    assert await keys.key("one") is None


async def test_an_issuer_that_is_away_is_said_and_what_is_known_goes_on() -> None:
    now = [0.0]
    keys = Keys(fetching(OSError(), public(KEY), OSError()), lambda: now[0])
    with pytest.raises(Unavailable):
        await keys.key("one")
    assert await keys.key("one") is not None
    now[0] = 61.0
    assert await keys.key("two") is None
    assert await keys.key("one") is not None


async def test_a_key_that_the_issuer_withdrew_ends() -> None:
    now = [0.0]
    keys = Keys(fetching(public(KEY), public(OTHER)), lambda: now[0])
    assert await keys.key("one") is not None
    now[0] = STALE - 1
    assert await keys.key("one") is not None
    now[0] = STALE
    assert await keys.key("one") is None


async def test_many_at_once_ask_the_issuer_once() -> None:
    asked = []

    async def fetch() -> Mapping[str, Any]:
        asked.append(1)
        await asyncio.sleep(0)
        return public(KEY)

    keys = Keys(fetch)
    assert all(await asyncio.gather(*(keys.key("one") for _ in range(20))))
    assert len(asked) == 1


async def test_a_private_key_in_the_issuers_set_is_not_used() -> None:
    keys = Keys(fetching(KeySet([KEY]).as_dict(private=True)))
    assert await keys.key("one") is None


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "token abc", f"Bearer {'x' * (LONGEST + 1)}"]
)
def test_a_header_without_a_token_is_refused(header: str | None) -> None:
    with pytest.raises(Unauthenticated):
        bearer(header)


def test_the_scheme_is_not_case_sensitive() -> None:
    assert bearer("bearer abc") == "abc"
