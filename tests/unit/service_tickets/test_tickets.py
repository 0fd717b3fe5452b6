"""Clocks, commands, refusals, and what is kept."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
import yaml

from contracts.errors import Refused
from contracts.facts.tickets import (
    SlaBreached,
    SlaBreachWithdrawn,
    SuggestionAccepted,
    TicketOpened,
    TicketResolved,
    TicketResponded,
)
from services.service_tickets.domain import commands, errors
from services.service_tickets.domain.merging import correct
from services.service_tickets.domain.model import EMPTY, MOST_OPEN, MOST_RESOLVED, CaseFile
from services.service_tickets.domain.observations import observations
from services.service_tickets.domain.policy import policy_from
from services.service_tickets.domain.timers import next_due
from services.service_tickets.timers.due import SOURCE
from services.service_tickets.worker.table import RULES
from tests.unit import facts as f
from tests.unit.facts import day, fact
from tests.unit.service_tickets.files import (
    POLICY,
    POLICY_FILE,
    apply,
    check,
    complaint,
    due,
    fold,
    request,
    resolve,
    respond,
    ticket_id,
)  # fmt: skip

DOCUMENT: dict[str, Any] = yaml.safe_load(POLICY_FILE.read_text("utf-8"))
LIMIT = 64 * 1024


def refusal(file: CaseFile, each: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        RULES[each.type].apply(file, each, each.recorded_at, POLICY)
    return caught.value


def test_a_complaint_is_a_ticket_whose_clocks_start_at_the_facts_time() -> None:
    file, (opened, _) = fold([complaint(day(20))])
    assert isinstance(opened, TicketOpened)
    assert (opened.first_response_due, opened.resolution_due) == (day(21), day(50))
    assert (opened.case_id, opened.kind, opened.ticket_id) == ("case-X1", "complaint", ticket_id())
    assert file.tickets[ticket_id()].state == "NEW"


def test_a_complaint_that_comes_late_has_been_waiting_all_the_time() -> None:
    late = msgspec.structs.replace(complaint(day(20)), recorded_at=day(22))
    file, (opened, _) = fold([late])
    assert opened.first_response_due == day(21)
    assert due(file).time == day(21)


def test_each_kind_of_request_has_its_own_clocks() -> None:
    _, (opened, *_) = fold([request(day(0), "repair")])
    assert opened.first_response_due == day(0) + timedelta(minutes=30)
    _, (praise, *_) = fold([request(day(0), "praise")])
    assert (praise.first_response_due, praise.resolution_due) == (None, None)
    assert next_due(fold([request(day(0), "praise")])[0]) is None


def test_an_answer_in_time_is_no_breach() -> None:
    file, said = fold([complaint(day(20)), respond(day(21))])
    assert file.tickets[ticket_id()].first_response.state == "MET"
    assert file.tickets[ticket_id()].state == "IN_PROGRESS"
    assert not any(isinstance(each, SlaBreached) for each in said)
    waiting = next_due(file)
    assert waiting is not None and (waiting.kind, waiting.due_at) == ("resolution", day(50))


def test_a_late_answer_is_a_breach_even_if_the_timer_never_fired() -> None:
    _, said = fold([complaint(day(20)), respond(day(21, 14))])
    (breach,) = [each for each in said if isinstance(each, SlaBreached)]
    assert (breach.due_at, breach.because.id) == (day(21), "c-respond")


def test_an_answer_of_before_the_due_time_withdraws_the_breach() -> None:
    file, _ = fold([complaint(day(20))])
    file, fired = apply(file, due(file))
    assert isinstance(fired[0], SlaBreached)
    file, said = apply(file, respond(day(21, 11)))
    (withdrawn,) = [each for each in said if isinstance(each, SlaBreachWithdrawn)]
    assert (withdrawn.met_at, withdrawn.due_at) == (day(21, 11), day(21))
    assert not any(each.kind == "clock_breached" for each in observations(file))


def test_a_timer_that_comes_after_the_answer_says_nothing() -> None:
    file, _ = fold([complaint(day(20))])
    timer = due(file)
    answered, _ = fold([respond(day(21, 14))], file)
    assert apply(answered, timer)[1] == []
    assert apply(EMPTY, timer) == (EMPTY, [])


def test_two_tickets_due_at_one_time_have_timers_of_their_own() -> None:
    file, _ = fold([complaint(day(20), "X1"), complaint(day(20), "X2")])
    first = due(file)
    file, said = apply(file, first)
    assert due(file).id != first.id
    assert len([each for each in said if isinstance(each, SlaBreached)]) == 1


def test_resolving_an_unanswered_ticket_answers_it() -> None:
    file, said = fold([complaint(day(20)), resolve(day(20, 13))])
    assert file.tickets[ticket_id()].first_response.state == "MET"
    assert [type(each) for each in said][2:4] == [TicketResponded, TicketResolved]


def test_resolving_too_late_is_a_breach_and_no_credit() -> None:
    file, said = fold([complaint(day(20)), respond(day(20, 13)), resolve(day(51))])
    assert [each.metric for each in said if isinstance(each, SlaBreached)] == ["resolution"]
    assert [each.kind for each in observations(file)] == ["complaint_raised", "clock_breached"]


def test_what_is_refused() -> None:
    file, _ = fold([complaint(day(20))])
    answered, _ = fold([respond(day(20, 13))], file)
    resolved, _ = fold([resolve(day(20, 14))], answered)
    assert isinstance(refusal(file, respond(day(21), "other")), errors.UnknownTicket)
    assert isinstance(refusal(EMPTY, resolve(day(21))), errors.UnknownTicket)
    assert isinstance(refusal(answered, respond(day(21))), errors.AlreadyResponded)
    assert isinstance(refusal(resolved, respond(day(21))), errors.AlreadyResolved)
    assert isinstance(refusal(resolved, resolve(day(21))), errors.AlreadyResolved)
    assert isinstance(refusal(file, respond(day(20))), errors.NotYetRaised)
    assert errors.UnknownTicket.elsewhere


def test_praise_and_surveys_count() -> None:
    file, _ = fold([request(day(0), "praise"), f.survey(day(1))])
    assert [(each.kind, each.x) for each in observations(file)] == [("praise", -1.0), ("answer", 75.0)]


def test_a_survey_is_the_mean_of_its_answers() -> None:
    from contracts.facts.surveys import Answer, SurveyAnswered

    data = SurveyAnswered("nps", (Answer(10, 0, 10), Answer(1, 1, 5), Answer(0.5, 0, 1)))
    file, _ = fold([f.fact(data, day(0), "S1")])
    assert file.answers[0].x == 50.0


def test_a_merge_tells_of_the_satisfaction_only_where_it_changed() -> None:
    mine, _ = fold([f.survey(day(2))])
    both, _ = fold([f.survey(day(2)), f.survey(day(3), "V2", value=1)])
    (said,) = [effect.data for effect in correct(mine, both, f.survey(day(2)), day(2), POLICY)]
    assert (said.as_of, said.stated.n_eff) == (day(3), pytest.approx(2, abs=0.01))
    assert correct(both, both, f.survey(day(2)), day(2), POLICY) == []


def test_a_merge_tells_of_a_clock_that_stands_otherwise() -> None:
    file, _ = fold([complaint(day(20))])
    fired, _ = apply(file, due(file))
    said = [
        effect.data
        for effect in correct(fired, fold([respond(day(20, 13))], file)[0], complaint(day(9)), day(9), POLICY)
    ]
    assert isinstance(said[0], SlaBreachWithdrawn)


def test_more_open_tickets_than_a_file_can_hold_are_refused() -> None:
    file, _ = fold(complaint(day(n), f"X{n}") for n in range(MOST_OPEN))
    assert isinstance(refusal(file, complaint(day(99), "more")), errors.TooManyOpenTickets)
    assert len(msgspec.msgpack.encode(file)) < LIMIT


def test_resolved_tickets_are_forgotten_but_not_what_they_meant() -> None:
    facts = []
    for n in range(60):
        facts += [complaint(day(n), f"X{n}"), resolve(day(n, 13), f"X{n}", f"c{n}")]
    file, _ = fold(facts)
    assert len(file.tickets) == MOST_RESOLVED and ticket_id("X0") not in file.tickets
    assert len(observations(file)) == 120


def test_ten_thousand_facts_fit_into_a_file() -> None:
    file = EMPTY
    full, _ = fold(complaint(day(n), f"open{n}") for n in range(MOST_OPEN - 1))
    file = full
    for n in range(3_350):
        for each in (complaint(day(n), f"X{n}"), resolve(day(n, 13), f"X{n}", f"c{n}"), f.survey(day(n), f"V{n}")):
            file, _ = RULES[each.type].apply(file, each, each.recorded_at, POLICY)
    check(file)
    assert len(msgspec.msgpack.encode(file)) < LIMIT


def test_every_number_has_a_word_about_where_it_comes_from() -> None:
    lines = POLICY_FILE.read_text("utf-8").splitlines()
    for key in DOCUMENT.keys() - {"version"}:
        place = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
        comment = "".join(line for line in lines[max(0, place - 3) : place] if line.startswith("#"))
        assert "(domain" in comment or "(ours" in comment, key


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"prior_weight": 0}, "prior_weight"),
        ({"prior": 101}, "prior"),
        ({"events": {}}, "events"),
        ({"first_response_hours": {"complaint": 24}}, "first_response_hours"),
        ({"resolution_hours": {**DOCUMENT["resolution_hours"], "repair": 0}}, "resolution_hours"),
        ({"half_life": 180}, "half_life"),
    ],
)
def test_a_wrong_number_is_refused(change: dict[str, Any], named: str) -> None:
    with pytest.raises(errors.InvalidPolicy) as caught:
        policy_from({**DOCUMENT, **change})
    assert named in caught.value.detail


@pytest.mark.parametrize(
    ("kind", "outcome", "told"),
    [("suggestion", "accepted", 1), ("suggestion", "declined", 0), ("repair", "accepted", 0)],
)
def test_an_accepted_suggestion_is_told_of(kind: str, outcome: str, told: int) -> None:
    """Once, and only of suggestions."""
    file, _ = apply(EMPTY, request(day(1), kind))
    data = commands.ResolveTicket(ticket_id("R1"), None, outcome)
    _, effects = apply(file, fact(data, day(2), "c-1", SOURCE))
    said = [each for each in effects if isinstance(each, SuggestionAccepted)]
    assert [each.ticket_id for each in said] == [ticket_id("R1")] * told
