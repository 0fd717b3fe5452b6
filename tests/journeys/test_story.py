"""The story of DOMAIN 6 told to four running services through intake; its numbers: story.md."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import stack
from hearth.cli import play
from hearth.cli.story import BEGIN, Story
from tests.running import Hearth, running

RIGHT = f"all {len(Story().numbers)} numbers of the story are right"


@pytest.fixture
def standing(engines: stack.Engines, tmp_path: Path) -> Iterator[Hearth]:
    """Four services whose clocks stand where the story begins."""
    with running(engines, tmp_path, HEARTH_CLOCK=BEGIN) as hearth:
        yield hearth


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_ends_with_its_numbers_in_any_order_and_with_duplicates(standing: Hearth, seed: int) -> None:
    """`hearth story check` compares every number of the document and says that all are right; told again, in another
    order, every fact and command is known, and nothing changes.
    """
    done = standing.cli("story", "check", "--seed", str(seed), "--patience", "150")
    assert done.returncode == 0, done.stdout + done.stderr
    assert RIGHT in done.stdout
    assert "WRONG" not in done.stdout
    standing.at_rest()  # the numbers are right before the last of what services tell each other is written down
    before = {service: _versions(standing, service) for service in SERVICES}

    again = standing.cli("story", "check", "--seed", str(seed + 3), "--patience", "150")

    assert again.returncode == 0, again.stdout + again.stderr
    standing.at_rest()
    assert {service: _versions(standing, service) for service in SERVICES} == before


SERVICES = {
    "profile": "customers.chain",
    "leads": "lead_books.chain",
    "loyalty": "accounts.chain",
    "service_tickets": "case_files.chain",
}


def _versions(hearth: Hearth, service: str) -> int:
    """How many versions all entities of a service have together."""
    with hearth.database(service) as database:
        return database[SERVICES[service]].count_documents({})


def test_a_wrong_number_is_named(hearth: Hearth) -> None:
    """Exit code 1, and which number it is, what it is and what it should be."""
    done = hearth.cli("story", "check", "--fresh", "--no-publish", "--patience", "0")
    assert done.returncode == 1
    assert "she account active is none, must be 21090" in done.stderr


def test_the_delivery_is_shuffled_and_repeats() -> None:
    """All facts are there, some twice, not in the order in which they happened; what a command needs comes before it."""
    story = Story()
    first, second = play.parts(story, 1), play.parts(story, 2)
    for parts in (first, second):
        events = [event for part in parts for event in part.events]
        assert {event.id for event in events} == {event.id for event in story.events}
        assert len(events) > len(story.events)
        assert all(event.time <= part.until for part in parts for event in part.events)
        assert story.commands[0].of in {event.id for event in parts[0].events}
    assert first != second
    assert first == play.parts(story, 1)


def test_other_people_have_other_identifiers_and_facts() -> None:
    one, other = Story(fresh=True), Story(fresh=True)
    assert one.source != other.source
    assert one.people["she"]["phone"] != other.people["she"]["phone"]
    assert one.people["she"]["wechat"] != Story().people["she"]["wechat"]
