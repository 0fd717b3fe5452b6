"""The complaint of the story in DOMAIN 6, worked by hand."""

import pytest

from contracts.facts.tickets import SatisfactionChanged, SlaBreached, TicketOpened, TicketResolved, TicketResponded
from services.service_tickets.domain.model import CaseFile
from services.service_tickets.domain.observations import observations
from services.service_tickets.domain.satisfaction import Satisfaction, satisfaction
from tests.unit import facts as f
from tests.unit.facts import day
from tests.unit.service_tickets.files import POLICY, apply, complaint, due, fold, resolve, respond, ticket_id


def told() -> tuple[CaseFile, list]:
    """The story in the order it happened; the timer fires at its time."""
    file, said = fold([f.survey(day(2)), complaint(day(20))])
    file, fired = apply(file, due(file))
    rest = [respond(day(21, 14)), resolve(day(23)), f.survey(day(24), "T1", "ticket", 3, "complaint")]
    file, later = fold(rest, file)
    return file, [*said, *fired, *later]


def at_the_end() -> Satisfaction:
    return satisfaction(observations(told()[0]), day(40), POLICY)


def test_the_first_answer_came_after_26_hours_and_the_end_in_time() -> None:
    file, _ = told()
    ticket = file.tickets[ticket_id()]
    assert (ticket.state, ticket.first_response.state, ticket.resolution.state) == ("RESOLVED", "MET_LATE", "MET")
    assert (ticket.first_response.due_at, ticket.first_response.met_at) == (day(21), day(21, 14))
    assert (ticket.case_id, ticket.about, ticket.agent, ticket.outcome) == (
        "case-X1", ("unit", "U-12"), "A-1", "repaired",
    )  # fmt: skip


def test_the_story_says_what_happened_in_its_order() -> None:
    _, said = told()
    assert [type(each) for each in said] == [
        SatisfactionChanged, TicketOpened, SatisfactionChanged, SlaBreached, SatisfactionChanged, TicketResponded,
        TicketResolved, SatisfactionChanged, SatisfactionChanged,
    ]  # fmt: skip
    breach = next(each for each in said if isinstance(each, SlaBreached))
    assert (breach.metric, breach.due_at) == ("first_response", day(21))
    assert next(each for each in said if isinstance(each, TicketResponded)).late
    assert not next(each for each in said if isinstance(each, TicketResolved)).late


def test_the_stated_score_is_the_document_s() -> None:
    """A = 75·2^(−38/180) + 50·2^(−16/180), B = 2^(−38/180) + 2^(−16/180), S = (3·72.5 + A)/(3 + B)."""
    g = 2 ** (-38 / 180), 2 ** (-16 / 180)
    by_hand = (3 * 72.5 + 75 * g[0] + 50 * g[1]) / (3 + sum(g))
    stated = at_the_end().stated
    assert stated.score == pytest.approx(by_hand, abs=5e-5)
    assert (stated.score, stated.confidence, stated.n_eff) == (68.5459, 0.3755, 1.9964)


def test_the_overall_score_is_the_document_s() -> None:
    overall = at_the_end().overall
    assert (overall.score, overall.confidence) == (61.3126, 0.4852)


def test_a_score_can_say_what_made_it() -> None:
    parts = at_the_end().parts
    assert [(part.observation.kind, part.x, part.weight) for part in parts] == [
        ("answer", 75, 1),
        ("complaint_raised", 30, 0.3),
        ("clock_breached", 0, 0.5),
        ("resolved_in_time", 70, 0.3),
        ("answer", 50, 1),
    ]
    assert [part.observation.time for part in parts] == [day(2), day(20), day(21), day(23), day(24)]


def test_stages_have_priors_of_their_own() -> None:
    stages = at_the_end().stages
    assert stages.keys() == {"viewing", "complaint"}
    g = 2 ** (-16 / 180)
    assert stages["complaint"].score == pytest.approx((3 * 57.4 + 50 * g) / (3 + g), abs=5e-5)


def test_the_past_is_what_had_happened_by_then() -> None:
    file, _ = told()
    then = satisfaction(observations(file), day(20, 11), POLICY)
    assert [part.observation.kind for part in then.parts] == ["answer"]
    assert then.stated == then.overall
    assert satisfaction([], day(0), POLICY).stated.score == 72.5


def test_the_figures_published_are_those_of_the_moment() -> None:
    file, said = told()
    last = said[-1]
    assert last.as_of == day(24)
    now = satisfaction(observations(file), day(24), POLICY)
    assert (last.stated, last.overall, last.policy_version) == (now.stated, now.overall, "1")
