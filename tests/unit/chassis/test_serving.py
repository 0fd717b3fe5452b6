"""Whose word is taken for where a caller is."""

import asyncio
import urllib.request
from typing import Any

import pytest

from chassis.serving import HttpServer, listen


async def _tell_the_address(scope: Any, _: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["client"][0].encode()})


def _asked(port: int) -> str:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"x-forwarded-for": "203.0.113.9"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        ("", "127.0.0.1"),
        ("10.0.0.0/8", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9"),
        ("10.0.0.7,127.0.0.0/8", "203.0.113.9"),
    ],
)
async def test_a_forwarded_address_is_believed_of_trusted_proxies_only(trusted: str, seen: str) -> None:
    bound = listen("127.0.0.1", 0)
    server = HttpServer(_tell_the_address, bound, trusted)
    await server.start()
    try:
        assert await asyncio.to_thread(_asked, bound.getsockname()[1]) == seen
    finally:
        await server.stop()
