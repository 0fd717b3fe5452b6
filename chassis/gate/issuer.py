"""Where the issuer's keys come from: its discovery document (OpenID Connect), or a URL that is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2

from chassis.gate.tokens import Keys, Verifier
from chassis.settings import Settings

SECONDS = 5.0


def verifier_of(settings: Settings) -> Verifier:
    """Checks the tokens of the issuer in the settings; nothing is fetched before the first token comes."""
    issuer = settings.oidc_issuer

    async def fetch() -> Mapping[str, Any]:
        try:
            async with httpx2.AsyncClient(timeout=SECONDS, follow_redirects=False) as client:
                url = settings.oidc_jwks_url or await _discovered(client, issuer)
                return (await client.get(url)).raise_for_status().json()
        except httpx2.HTTPError as error:
            raise OSError(f"the issuer does not answer: {type(error).__name__}") from None

    return Verifier(issuer, settings.oidc_audience, Keys(fetch))


async def _discovered(client: httpx2.AsyncClient, issuer: str) -> str:
    answer = await client.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
    found = answer.raise_for_status().json()
    if found.get("issuer") != issuer:
        raise OSError("the discovery document is of another issuer")
    return str(found["jwks_uri"])
