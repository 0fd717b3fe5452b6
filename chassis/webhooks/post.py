"""One attempt: a POST to the address that was checked, without redirects, proxies or a look at the body of the answer."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx2

from chassis.webhooks.guard import Network, WebhookRefused, checked
from chassis.webhooks.outcome import Answer

TIMEOUT = 15.0
CONTENT_TYPE = "application/cloudevents+json"
AGENT = "Hearth-Webhooks/1"

for _noisy in ("httpx2", "httpcore2"):
    logging.getLogger(_noisy).setLevel(logging.WARNING)
    # They log every URL, and a subscriber's URL may hold a secret of theirs.


class Poster:
    """Posts. `networks`: those of the house that are allowed; `ca_file`: authorities to trust instead of the public ones."""

    def __init__(self, networks: Sequence[Network] = (), ca_file: Path | None = None) -> None:
        self._networks = networks
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        self._client = httpx2.AsyncClient(
            verify=context, timeout=TIMEOUT, follow_redirects=False, trust_env=False,
            limits=httpx2.Limits(max_connections=200, max_keepalive_connections=50),
        )  # fmt: skip

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once, within `TIMEOUT` seconds; whatever happens is an answer."""
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Answer(0, reason="no answer in time")

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            place = await checked(url, self._networks)
        except WebhookRefused as error:
            return Answer(0, reason=error.detail)
        own = {"host": place.authority, "content-type": CONTENT_TYPE, "user-agent": AGENT, **headers}
        request = self._client.build_request(
            "POST", place.pinned, headers=own, content=body, extensions={"sni_hostname": place.host}
        )
        try:
            answer = await self._client.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
            return Answer(0, reason=type(error).__name__)
        await answer.aclose()
        asked = answer.headers.get("retry-after", "")
        return Answer(answer.status_code, int(asked) if asked.isdecimal() and len(asked) < 7 else 0)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()
