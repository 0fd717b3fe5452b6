"""The page at profile's door: what it shows, that it shows nothing personal, and that a browser shows it."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import grpc
import pytest

from hearth.profile.v1 import profile_pb2 as pb
from hearth.profile.v1.profile_pb2_grpc import ProfileServiceStub
from tests.journeys import intake
from tests.running import Hearth, until

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Reading(HTMLParser):
    """The links and the text of a page; fails on a tag that is closed in the wrong place."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + " "


def read(html: str) -> Reading:
    """A page, read."""
    page = Reading()
    page.feed(html)
    assert page.open == []
    return page


@pytest.fixture(scope="module")
def person(hearth: Hearth) -> tuple[str, str]:
    """Somebody with a visit and a lead, and their phone."""
    visit = intake.visit()
    lead = intake.lead(data={"contact": visit["data"]["contact"], "project_id": "P1", "channel": "web"})
    customer = intake.post(hearth, visit)
    assert intake.post(hearth, lead) == customer
    hearth.eventually(customer, active=50)
    hearth.known(customer, 2)
    until(
        lambda: hearth.http("leads", f"/v1/customers/{customer}/leads").body["items"][0]["state"],
        lambda state: state == "VISITED",
        "the lead",
    )
    return customer, visit["data"]["contact"]["identifiers"][0]["value"]


def test_the_page_shows_events_a_customer_and_dead_letters(hearth: Hearth, person: tuple[str, str]) -> None:
    customer, phone = person
    first = until(  # each service has a second to answer
        lambda: hearth.http("profile", "/"),
        lambda first: "crm.points.earned.v1" in first.body,
        "what a service said because of the event",
    )
    assert first.status == 200
    assert first.headers["content-type"].startswith("text/html")
    page = read(first.body)
    assert "crm.visit.completed.v1" in page.text
    assert "Dead letters of profile" in page.text
    assert re.search(r'http-equiv="refresh"', first.body)
    assert f"/?customer={customer}" in page.links
    for link in {*page.links}:
        assert hearth.http("profile", unquote(link)).status == 200, link

    shown = until(
        lambda: " ".join(read(hearth.http("profile", f"/?customer={customer}").body).text.split()),
        lambda shown: all(part in shown for part in ("active 50", "VISITED", "crm.lead.captured.v1")),
        "account, lead and facts",
    )
    assert phone not in first.body + shown


def test_who_is_not_known_is_said_and_nothing_typed_becomes_markup(hearth: Hearth) -> None:
    body = hearth.http("profile", "/?customer=%3Cscript%3Ealert(1)%3C/script%3E").body
    assert "Nothing is known of a customer with this id" in body
    assert "<script" not in body


def test_the_360_is_the_same_by_both_doors(hearth: Hearth, person: tuple[str, str]) -> None:
    customer, _ = person
    found = until(
        lambda: hearth.http("profile", f"/v1/customers/{customer}/360").body,
        lambda body: body["notes"] == [],
        "an answer of every service",
    )
    assert (found["account"]["active"], found["customer"]["facts"]) == (50, 2)
    (lead,) = found["leads"]
    assert (lead["state"], lead["customer_id"]) == ("VISITED", customer)
    assert found["tickets"] == []
    with grpc.insecure_channel(hearth.service("profile").peer) as channel:
        ask = ProfileServiceStub(channel).Get360
        same = until(
            lambda: ask(pb.Get360Request(customer_id=customer)),
            lambda same: not same.notes,
            "an answer of every service",
        )
    assert (same.account.active, same.customer.facts, same.leads[0].state) == (50, 2, "VISITED")
    assert same.leads[0].lead_id == lead["lead_id"]
    assert hearth.http("profile", "/v1/customers/nobody/360").status == 404


@pytest.fixture
def without_leads(hearth: Hearth, person: tuple[str, str]) -> Iterator[str]:
    """The person, while the service leads is down."""
    number = [service.name for service in hearth.services].index("leads")
    process = hearth.running[number]
    process.stop()
    yield person[0]
    process.spawn()
    process.wait_until(hearth.services[number].is_ready, 180)


def test_a_360_without_one_service_is_partial_with_a_note(hearth: Hearth, without_leads: str) -> None:
    found = until(
        lambda: hearth.http("profile", f"/v1/customers/{without_leads}/360").body,
        lambda body: [note["service"] for note in body["notes"]] == ["leads"],
        "a note about leads and nobody else",
    )
    assert (found["leads"], found["account"]["active"]) == ([], 50)
    page = until(
        lambda: hearth.http("profile", f"/?customer={without_leads}"),
        lambda page: "leads does not answer (unavailable): its part is missing" in page.body,
        "it says so",
    )
    assert page.status == 200


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
def test_a_browser_shows_it(hearth: Hearth, person: tuple[str, str], tmp_path: Path) -> None:
    """Headless Chromium reads the page, refreshes it by itself, and paints it."""
    url = f"{hearth.service('profile').url}/?customer={person[0]}"
    assert BROWSER is not None
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    picture = tmp_path / "page.png"
    command = [BROWSER, *quiet, "--window-size=1300,1000", f"--screenshot={picture}", "--dump-dom", url]

    def shown() -> str:
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    until(shown, lambda text: "VISITED" in text, "the lead, which leads has a second to tell of")
    assert until(picture.exists, bool, "a picture")
    assert picture.stat().st_size > 10_000
