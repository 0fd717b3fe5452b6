"""Facts in any order give the same file; clocks and scores are those of the oracle."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import Refused
from contracts.fact import Fact
from contracts.facts import surveys
from contracts.facts.complaints import ComplaintRaised, RequestRaised
from services.service_tickets.domain import commands
from services.service_tickets.domain.model import EMPTY, CaseFile
from services.service_tickets.domain.observations import observations
from services.service_tickets.domain.satisfaction import satisfaction
from services.service_tickets.domain.timers import next_due
from tests.oracles import tickets_oracle
from tests.unit import facts as f
from tests.unit.facts import START, fact
from tests.unit.service_tickets.files import POLICY, apply, check, due, fold, ticket_id

hours = st.integers(0, 24 * 60).map(lambda number: START + timedelta(hours=number))
kinds = st.sampled_from(("repair", "enquiry", "suggestion", "assistance", "praise"))
answers = st.integers(0, 10).map(lambda value: surveys.Answer(value=value, min=0, max=10))
data = st.one_of(
    st.just(ComplaintRaised("app", "leak")),
    st.builds(RequestRaised, kinds, st.just("app")),
    st.builds(
        surveys.SurveyAnswered,
        st.just("csat"),
        st.lists(answers, min_size=1, max_size=3).map(tuple),
        st.sampled_from((None, "viewing", "repair")),
    ),
)
END = START + timedelta(days=400)


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[Fact], list[Fact], list[Fact]]:
    """Facts from outside in two orders, and commands on some of their tickets, by time."""
    contents = draw(st.lists(st.tuples(data, hours), max_size=10))
    made = [fact(content, time, f"f{number:03}") for number, (content, time) in enumerate(contents)]
    steps = []
    for each in made:
        if each.type != "crm.survey.answered.v1":
            step = draw(st.sampled_from(((), ("respond",), ("resolve",), ("respond", "resolve"))))
            after = sorted(draw(st.tuples(st.integers(1, 2000), st.integers(1, 2000))))
            for name, minutes in zip(step, after, strict=False):
                kind = commands.RespondTicket if name == "respond" else commands.ResolveTicket
                at = each.time + timedelta(minutes=minutes if minutes % 3 else 30 * minutes)
                steps.append(fact(kind(ticket_id(each.id)), at, f"{name}-{each.id}", "/hearth/service_tickets"))
    return made, draw(st.permutations(made)), sorted(steps, key=lambda step: (step.time, step.id))


def lived(facts: list[Fact], steps: list[Fact]) -> CaseFile:
    """Facts, then commands and timers by time, to the end; refused commands are left out."""
    file, _ = fold(facts)
    for step in [*steps, None]:
        until = step.time if step else END
        while (waiting := next_due(file)) is not None and waiting.due_at < until:
            file, _ = apply(file, due(file))
        file = tried(file, step) if step else file
    check(file)
    return file


def tried(file: CaseFile, step: Fact) -> CaseFile:
    try:
        return apply(file, step)[0]
    except Refused:
        return file


def as_told(facts: list[Fact], steps: list[Fact]) -> list[dict[str, Any]]:
    """The same for the oracle; a second answer is none, so it is not told of one after the end."""
    raised = {ticket_id(each.id): (each.source, each.id) for each in facts}
    told = [f.as_event(each) for each in facts]
    for step in steps:
        name = step.type.split(".")[1].partition("_")[0]
        told.append({"type": name, "time": step.time, "data": {"case": raised[step.data.ticket_id]}})
    return told


@settings(max_examples=150, deadline=None)
@given(stories(), st.integers(0, 24 * 90))
def test_any_order_gives_the_file_and_the_scores_of_the_oracle(story, asked: int) -> None:
    history, shuffled, steps = story
    file = lived(history, steps)
    assert msgspec.msgpack.encode(lived(shuffled, steps)) == msgspec.msgpack.encode(file)
    told = as_told(history, steps)
    for raised, expected in tickets_oracle.tickets(told, END).items():
        ticket = file.tickets[ticket_id(raised[1])]
        assert ticket.state == expected["state"]
        late = ticket.first_response.breached, ticket.resolution.breached
        assert late == (expected["answer_late"], expected["end_late"])
    for as_of in (START + timedelta(hours=asked), END):
        found = satisfaction(observations(file), as_of, POLICY)
        expected_scores = tickets_oracle.scores(told, END, as_of)
        for name, figure in (("stated", found.stated), ("overall", found.overall)):
            assert figures(figure) == [pytest.approx(each, abs=Decimal("0.0001")) for each in expected_scores[name]]


def figures(score: Any) -> list[Decimal]:
    return [Decimal(str(value)) for value in msgspec.structs.astuple(score)]


@settings(max_examples=100, deadline=None)
@given(stories())
def test_a_merge_folds_again_by_time_and_finds_the_same_file(story) -> None:
    """Incrementally: all facts first, commands and timers later; by time, source and id: mixed."""
    history, _, steps = story
    file, chain = EMPTY, []

    def keep(each: Fact) -> None:
        nonlocal file
        after = tried(file, each)
        if after is not file:
            chain.append(each)
        file = after

    for each in history:
        keep(each)
    for step in [*steps, None]:
        until = step.time if step else END
        while (waiting := next_due(file)) is not None and waiting.due_at < until:
            keep(due(file))
        if step:
            keep(step)
    again = EMPTY
    for each in sorted(chain, key=lambda one: (one.time, one.source, one.id)):
        again = tried(again, each)
    assert again == file
