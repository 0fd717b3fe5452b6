"""Webhooks: signatures as another implementation checks them, what attempts come to, and where nothing is ever posted."""

import asyncio
import base64
import ipaddress
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from chassis.webhooks import guard
from chassis.webhooks.guard import Place, WebhookRefused, checked, networks_of
from chassis.webhooks.outcome import DELAYS, Answer, judge
from chassis.webhooks.signing import new_secret, signed_headers

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
OLD = new_secret()


@given(st.text(min_size=1), st.text(min_size=1, max_size=60).filter(lambda id_: id_.isprintable()))
def test_the_reference_implementation_accepts_what_is_signed(text: str, id_: str) -> None:
    secret, at = new_secret(), int(datetime.now(UTC).timestamp())
    body = json.dumps({"text": text}).encode()
    headers = signed_headers([secret], id_, at, body)
    assert Webhook(secret).verify(body, headers) == {"text": text}
    with pytest.raises(Exception, match="signature"):
        Webhook(new_secret()).verify(body, headers)


def test_while_a_secret_is_replaced_both_open_it() -> None:
    new, at = new_secret(), int(datetime.now(UTC).timestamp())
    headers = signed_headers([new, OLD], "m", at, b"{}")
    assert Webhook(new).verify(b"{}", headers) == Webhook(OLD).verify(b"{}", headers) == {}
    assert len(base64.b64decode(new.removeprefix("whsec_"))) == 32


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_what_is_accepted_is_delivered(status: int) -> None:
    assert judge(Answer(status), 1, NOW) == ("delivered", None)


@pytest.mark.parametrize("status", [0, 100, 301, 302, 307, 400, 401, 404, 409, 429, 500, 503])
def test_anything_else_is_sent_again_and_in_the_end_given_up(status: int) -> None:
    attempts = [judge(Answer(status), attempt, NOW) for attempt in range(1, len(DELAYS) + 1)]
    assert attempts == [("again", NOW + delay) for delay in DELAYS]
    assert judge(Answer(status), len(DELAYS) + 1, NOW) == ("failed", None)
    assert timedelta(days=3) < sum(DELAYS, timedelta()) < timedelta(days=4)


def test_a_receiver_that_is_gone_is_believed() -> None:
    assert judge(Answer(410), 1, NOW) == ("gone", None)


def test_a_receiver_may_ask_for_more_time_but_not_for_ever() -> None:
    assert judge(Answer(429, 60), 1, NOW)[1] == NOW + timedelta(minutes=1)
    assert judge(Answer(503, 60), 2, NOW)[1] == NOW + DELAYS[1]
    assert judge(Answer(429, 999_999), 1, NOW)[1] == NOW + timedelta(days=1)
    assert judge(Answer(500, 60), 1, NOW)[1] == NOW + DELAYS[0]


REFUSED = (
    "https://127.0.0.1/",
    "https://localhost/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/",
    "https://172.16.5.5/",
    "https://192.168.1.1/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::1]/",
    "https://[::]/",
    "https://[fe80::1]/",
    "https://[fd00::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:8.8.8.8.]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://017700000001/",
    "http://8.8.8.8/",
    "ftp://8.8.8.8/",
    "file:///etc/passwd",
    "gopher://8.8.8.8/",
    "https://user:secret@8.8.8.8/",
    "https://8.8.8.8/#part",
    "https://8.8.8.8:99999/",
    "https://8.8.8.8/a b",
    "https://8.8.8.8/\r\nX: y",
    "https:///nowhere",
    "https://" + "a" * 3_000,
    "nonsense",
    "",
)


@pytest.mark.parametrize("url", REFUSED)
async def test_no_webhook_goes_there(url: str) -> None:
    with pytest.raises(WebhookRefused) as refused:
        await checked(url)
    assert refused.value.pointer == "/url"
    assert "127" not in refused.value.detail


async def test_public_addresses_are_fine() -> None:
    assert (await checked("https://8.8.8.8/in?a=1")).pinned == "https://8.8.8.8:443/in?a=1"
    assert (await checked("https://[2001:4860:4860::8888]:8443")).pinned == "https://[2001:4860:4860::8888]:8443/"


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """Names resolve to these, one answer after another."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Any:
        return [ipaddress.ip_address(address) for address in (left.pop(0) if len(left) > 1 else left[0])]

    monkeypatch.setattr(guard, "_resolve", resolve)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1", "8.8.8.8"]])
async def test_a_name_that_leads_inside_is_refused(found: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, found)
    with pytest.raises(WebhookRefused, match="not public"):
        await checked("https://rebind.example.com/")


async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers otherwise the second time gains nothing: there is no second time."""
    resolving(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    place = await checked("https://rebind.example.com:444/x")
    assert place == Place("https", "rebind.example.com", 444, "/x", "8.8.8.8")
    assert (place.pinned, place.authority) == ("https://8.8.8.8:444/x", "rebind.example.com:444")


async def test_networks_of_the_house_can_be_allowed() -> None:
    house = networks_of("10.1.0.0/16, fd00::/8")
    assert (await checked("http://10.1.2.3:8080/x", house)).port == 8080
    assert (await checked("https://[fd00::5]/", house)).authority == "[fd00::5]"
    with pytest.raises(WebhookRefused):
        await checked("https://10.2.0.1/", house)
    with pytest.raises(ValueError, match="host bits"):
        networks_of("10.1.2.3/16")


def test_an_unknown_host_is_named_as_such() -> None:
    with pytest.raises(WebhookRefused, match="not known"):
        asyncio.run(checked("https://there-is-no-such-host.invalid/"))
