"""What every HTTP answer says to browsers, whatever it answers."""

import pytest

from chassis.headers import ALWAYS
from tests.running import Hearth

SERVICES = ("profile", "leads", "loyalty", "service_tickets")
PATHS = (
    "/nowhere",
    "/openapi.json",
    "/v1/customers/search",
    "/v1/leads",
    "/v1/tickets",
    "/v1/accounts/nobody",
    "/v1/events",
)


@pytest.mark.parametrize("service", SERVICES)
def test_answers_and_refusals_say_what_browsers_may_do(hearth: Hearth, service: str) -> None:
    for path in PATHS:
        answer = hearth.http(service, path)
        assert answer.headers | ALWAYS == answer.headers, path
        assert "content-type" in answer.headers
    for path in ("/metrics", "/readyz", "/v1/state", "/nowhere"):
        answer = hearth.admin(service, path)
        assert answer.headers | ALWAYS == answer.headers, path
    assert "strict-transport-security" not in answer.headers  # on loopback, without TLS, there is nothing to insist on


def test_the_page_may_show_its_own_style_and_nothing_else(hearth: Hearth) -> None:
    policy = hearth.http("profile", "/").headers["content-security-policy"]
    parts = {part.split()[0]: part.split()[1:] for part in policy.split(";")}
    assert parts["default-src"] == parts["frame-ancestors"] == parts["base-uri"] == ["'none'"]
    assert parts["style-src"] == ["'unsafe-inline'"]
    assert "script-src" not in parts


def test_no_answer_follows_a_foreign_origin(hearth: Hearth) -> None:
    """No CORS: another origin's script gets nothing it can read, and a preflight is refused."""
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "POST"}
    for method in ("GET", "OPTIONS"):
        answer = hearth.http("profile", "/v1/events", headers=asked, method=method)
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert answer.status >= 400


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "DELETE"])
def test_methods_nobody_offers_are_refused(hearth: Hearth, method: str) -> None:
    assert hearth.http("loyalty", "/v1/accounts/somebody", method=method).status in (400, 404, 405)
