"""The story of DOMAIN 6, as far as loyalty and profile take part, told to running services; its numbers: story.md."""

import pytest

from hearth.cli import play, story
from tests.running import Hearth, until


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_story_ends_with_its_numbers_in_any_order_and_with_duplicates(hearth: Hearth, seed: int) -> None:
    """`hearth story check` compares every number of the document and says that all are right."""
    done = hearth.cli("story", "check", "--fresh", "--seed", str(seed))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"all {len(story.numbers(story.people()))} numbers of the story are right" in done.stdout
    assert "WRONG" not in done.stdout


def test_facts_told_again_are_duplicates_and_change_nothing(hearth: Hearth) -> None:
    """Another order, the same people: the account has the same version, and every fact was known."""
    (she, *_) = story.people().values()
    assert hearth.cli("story", "play", "--seed", "4").returncode == 0
    before = {service: _counts(hearth, service) for service in ("profile", "loyalty")}
    version = hearth.http("loyalty", f"/v1/accounts/{she}").headers["etag"]

    again = hearth.cli("story", "check", "--seed", "5")

    assert again.returncode == 0, again.stdout + again.stderr
    for service, known in (("profile", 13), ("loyalty", 12)):  # loyalty passes over the reservation
        was = before[service]
        now = until(lambda s=service: _counts(hearth, s), lambda n, w=was, k=known: n["duplicate"] - w["duplicate"] >= k,
                    f"{known} more duplicates than {was}")  # fmt: skip
        assert now["applied"] == was["applied"]
    assert hearth.http("loyalty", f"/v1/accounts/{she}").headers["etag"] == version


def test_a_wrong_number_is_named(hearth: Hearth) -> None:
    """Exit code 1, and which number it is, what it is and what it should be."""
    done = hearth.cli("story", "check", "--fresh", "--no-publish", "--patience", "0")
    assert done.returncode == 1
    assert "she account active is none, must be 1090" in done.stderr


def test_the_delivery_is_shuffled_and_repeats() -> None:
    """All facts are there, some twice, not in the order in which they happened, and not in each other's order."""
    facts = story.facts(story.people())
    first, second = play.shuffled(facts, 1), play.shuffled(facts, 2)
    assert {fact.id for fact in first} == {fact.id for fact in facts}
    assert len(first) > len(facts)
    assert first != second != facts
    assert first == play.shuffled(facts, 1)


def _counts(hearth: Hearth, service: str) -> dict[str, int]:
    return hearth.admin(service, "/v1/state").body["counts"]
