"""People, tokens and audit logs, for the tests of doors with authentication."""

import uuid
from collections.abc import Callable
from itertools import count, repeat
from typing import Any

from deploy.local.issuer import Issuer
from tests.journeys import intake
from tests.running import Answer, Hearth, request, until

STRUCTURED = {"content-type": "application/cloudevents+json"}


class Person:
    """Somebody who was in project P1: their customer id, lead id and telephone number."""

    def __init__(self, hearth: Hearth, issuer: Issuer, *, each: bool = False) -> None:
        """`each` question is somebody else's."""
        turns = count() if each else repeat("")
        self.phone = f"138{uuid.uuid4().int % 10**8:08}"
        sender = bearer(issuer.token("website", "integration"))
        contact = {"identifiers": [{"type": "phone", "value": self.phone}]}
        event = intake.lead(data={"contact": contact, "project_id": "P1", "channel": "web"})
        sent = hearth.http("profile", "/v1/events", body=event, headers=sender | STRUCTURED)
        assert sent.status == 202, sent.body
        found = until(
            lambda: ask(
                hearth,
                issuer,
                "privacy_officer",
                "/v1/customers/search",
                {"type": "phone", "value": self.phone},
                sub=f"officer{next(turns)}",
            ),
            lambda answer: answer.status == 200,
            "the person",
        )
        self.customer = found.body["customer_id"]
        path = f"/v1/customers/{self.customer}/leads"
        listed = until(
            lambda: ask(hearth, issuer, "marketing", path, service="leads", sub=f"marketing{next(turns)}"),
            lambda answer: answer.status == 200,
            "a lead",
        )
        self.lead = listed.body["items"][0]["lead_id"]
        until(  # by its own id it is found when the view is there, a moment later
            lambda: (
                ask(
                    hearth,
                    issuer,
                    "marketing",
                    f"/v1/leads/{self.lead}",
                    service="leads",
                    sub=f"marketing{next(turns)}",
                ).status
            ),
            lambda s: s == 200,
            "the lead by its id",
        )
        until(
            lambda: (
                ask(
                    hearth, issuer, "privacy_officer", f"/v1/customers/{self.customer}", sub=f"officer{next(turns)}"
                ).status
            ),
            lambda s: s == 200,
            "seen",
        )


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def ask(
    hearth: Hearth, issuer: Issuer, role: str, path: str, body: Any = None, service: str = "profile", **claims: Any
) -> Answer:
    """A request of somebody in a role, of project P1 if nothing else is said."""
    token = issuer.token(claims.pop("sub", f"{role}-1"), role, **{"projects": ["P1"], **claims})
    return hearth.http(service, path, body=body, headers=bearer(token))


def whole_360(look: Callable[[], Answer]) -> Answer:
    """A 360 to which every service has answered, with what it knows or that it refuses: each has one second for it."""
    return until(
        look,
        lambda seen: not {note["reason"] for note in seen.body["notes"]} - {"permission_denied"},
        "an answer of every service",
    )


def entries(hearth: Hearth, issuer: Issuer, service: str = "profile") -> list[dict[str, Any]]:
    """The audit log of a service, the newest first."""
    url = f"http://127.0.0.1:{hearth.service(service).admin}/v1/audit"
    answer = request(url, None, bearer(issuer.token("auditor-1", "auditor")), "")
    assert answer.status == 200, answer.body
    return answer.body["items"]
