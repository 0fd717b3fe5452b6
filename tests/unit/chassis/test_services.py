"""Services among themselves: nobody speaks for another, no token is taken for one of another kind, one hop and no more."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from chassis.errors import Forbidden, Unauthenticated
from chassis.gate.principal import LOCAL_ADMIN, Principal
from chassis.gate.services import (
    HOP,
    SECONDS,
    TYPE,
    IdentityError,
    ServiceVerifier,
    Signer,
    identity_of,
    is_service_token,
    passed_on,
    prefixed,
)
from chassis.gate.tls import CertificateError, read_certificates
from chassis.gate.tokens import LEEWAY, Keys, Verifier
from deploy.local import identity

NOW = 1_800_000_000
KEYS = {
    name: ECKey.generate_key("P-256", parameters={"kid": f"{name}/1", "use": "sig"})
    for name in ("shop", "store", "evil")
}


async def published() -> Mapping[str, Any]:
    return KeySet(list(KEYS.values())).as_dict(private=False)


def at_store(now: float = NOW) -> ServiceVerifier:
    return ServiceVerifier("store", Keys(published), lambda: now)


def made(key: str = "shop", header: Mapping[str, Any] = {}, **claims: Any) -> str:
    """A token of a service for `store`, changed."""
    name = prefixed("shop")
    good = {"iss": name, "sub": name, "aud": prefixed("store"), "exp": NOW + 60, "iat": NOW}
    return jwt.encode({"alg": "ES256", "kid": KEYS[key].kid, "typ": TYPE, **header}, good | claims, KEYS[key])


async def test_a_service_shows_who_it_is() -> None:
    token = Signer("shop", KEYS["shop"], lambda: NOW).token("store")
    assert is_service_token(token)
    assert await at_store().verify(token) == "/hearth/shop"


BAD = {
    "for another service": lambda: Signer("shop", KEYS["shop"], lambda: NOW).token("bank"),
    "expired": lambda: made(exp=NOW - LEEWAY - 1),
    "in another's name": lambda: made("evil"),
    "another's key id": lambda: made("evil", {"kid": "shop/1"}),
    "another's subject": lambda: made(sub=prefixed("bank")),
    "an unknown key": lambda: made(header={"kid": "shop/2"}),
    "a user's typ": lambda: made(header={"typ": "JWT"}),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_one_is_refused(case: str) -> None:
    with pytest.raises(Unauthenticated):
        await at_store().verify(BAD[case]())


async def test_a_services_token_is_nobodys_users_token() -> None:
    """Also by an issuer who has the same keys and names."""
    users = Verifier(prefixed("shop"), prefixed("store"), Keys(published), lambda: NOW)
    with pytest.raises(Unauthenticated, match="typ"):
        await users.verify(made())


def test_a_token_is_made_anew_when_half_its_time_has_passed() -> None:
    now = [float(NOW)]
    signer = Signer("shop", KEYS["shop"], lambda: now[0])
    first = signer.token("store")
    now[0] += SECONDS / 2
    assert signer.token("store") == first
    assert signer.token("bank") != first
    now[0] += 1
    assert signer.token("store") != first


def test_a_users_token_goes_one_hop() -> None:
    user = Principal("ann", token="t")
    assert passed_on(user, "own") == (("authorization", "Bearer t"), (HOP, "Bearer own"))
    assert passed_on(user, None) == (("authorization", "Bearer t"),)
    assert passed_on(None, "own") == (("authorization", "Bearer own"),)
    assert passed_on(Principal("/hearth/bank"), "own") == (("authorization", "Bearer own"),), "a service for itself"
    assert passed_on(LOCAL_ADMIN, None) == ()
    with pytest.raises(Forbidden):
        passed_on(user._replace(via="/hearth/bank"), "own")


async def test_an_identity_is_read_from_its_directory(tmp_path: Path) -> None:
    folder = identity.signing_keys(tmp_path, ["shop", "store"])
    signer, _ = identity_of("shop", folder)
    _, verifier = identity_of("store", folder)
    assert await verifier.verify(signer.token("store")) == "/hearth/shop"


def test_an_identity_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    folder = identity.signing_keys(tmp_path, ["shop", "store"])
    with pytest.raises(IdentityError, match=r"bank\.jwk does not exist"):
        identity_of("bank", folder)
    identity.write_secret(folder / "bank.jwk", (folder / "shop.jwk").read_bytes())
    with pytest.raises(IdentityError, match="kid is bank"):
        identity_of("bank", folder)
    identity.write_secret(folder / "bank.jwk", b"{}")
    with pytest.raises(IdentityError, match="JWK"):
        identity_of("bank", folder)
    public = next(each for each in json.loads((folder / "services.jwks").read_text())["keys"])
    identity.write_secret(folder / "shop.jwk", json.dumps(public).encode())
    with pytest.raises(IdentityError, match="private"):
        identity_of("shop", folder)
    (folder / "shop.jwk").chmod(0o644)
    with pytest.raises(IdentityError, match="0600"):
        identity_of("shop", folder)


def test_certificates_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    assert read_certificates(None) is None
    with pytest.raises(CertificateError, match=r"ca\.crt, tls\.key, tls\.crt"):
        read_certificates(tmp_path)
    identity.certificates(tmp_path)
    assert read_certificates(tmp_path) is not None
    (tmp_path / "tls.crt").write_bytes(b"not a certificate")
    with pytest.raises(CertificateError, match=r"tls\.crt in .* is not PEM"):
        read_certificates(tmp_path)


def test_tokens_are_short_lived() -> None:
    claims = jwt.decode(Signer("shop", KEYS["shop"]).token("store"), KEYS["shop"]).claims
    assert claims["exp"] - claims["iat"] == SECONDS
    assert claims["iat"] <= time.time()
