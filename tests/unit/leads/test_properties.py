"""Facts in any order give the same leads, those of the oracle; what was published last is what is; books stay small."""

from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.codes import opened_id
from contracts.fact import Fact
from contracts.facts import deals, visits
from contracts.facts.leads import LeadCaptured, LeadContacted
from contracts.facts.pipeline import LeadStageChanged
from contracts.fields import Money, Price
from services.leads.domain.merging import correct
from services.leads.domain.model import EMPTY
from services.leads.domain.pipeline import leads_of
from services.leads.worker.table import RULES
from tests.oracles import leads_oracle
from tests.unit import facts as f
from tests.unit.facts import START, day, fact
from tests.unit.leads.books import captured, check, contacted, fold, reserved

LIMIT = 64 * 1024

projects = st.sampled_from(("P1", "P2"))
names = st.sampled_from(("D1", "D2", "D3"))
agents = st.sampled_from((None, None, "A-1", "A-2"))
amounts = st.sampled_from(("100.00", "200.00", "300.00"))
stages = st.sampled_from(("reserved", "subscribed", "signed"))
times = st.integers(0, 60).map(lambda hours: START + timedelta(hours=hours))

data = st.one_of(
    st.builds(LeadCaptured, projects, st.just("web"), agent_id=agents),
    st.builds(
        LeadContacted,
        st.sampled_from(("connected", "no_answer")),
        st.just("phone"),
        project_id=st.one_of(st.none(), projects),
        agent_id=agents,
    ),
    st.builds(visits.VisitScheduled, st.just("V1"), projects, st.just(START), agents),
    st.builds(visits.VisitCompleted, st.just("V1"), projects, agents),
    st.builds(visits.VisitMissed, st.just("V1"), projects),
    st.builds(deals.DealReserved, names, projects, agent_id=agents),
    st.builds(deals.DealSubscribed, names, projects, price=st.one_of(st.none(), amounts.map(Price))),
    st.builds(deals.DealSigned, names, projects, amounts.map(Price), agent_id=agents),
    st.builds(deals.DealChanged, names, st.one_of(st.none(), amounts.map(Price))),
    st.builds(deals.DealCancelled, names, stages, amounts.map(Money)),
    st.builds(deals.DealCancelled, names, stages, amounts.map(Money)),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Distinct facts in two orders. A deal stays in one project."""
    contents = draw(st.lists(st.tuples(data, times, st.sampled_from(("/a", "/b"))), max_size=14))
    first: dict[str, str] = {}
    made = []
    for number, (content, time, source) in enumerate(contents):
        deal = getattr(content, "deal_id", None)
        if deal and getattr(content, "project_id", None):
            content = msgspec.structs.replace(content, project_id=first.setdefault(deal, content.project_id))
        made.append(fact(content, time, f"f{number:03}", source))
    return made, draw(st.permutations(made))


@settings(max_examples=150, deadline=None)
@given(histories())
def test_any_order_gives_the_leads_of_the_oracle(both) -> None:
    expected = leads_oracle.leads([f.as_event(each) for each in both[0]])
    books = []
    for facts in both:
        book, published = fold(facts)
        books.append(msgspec.msgpack.encode(book))
        found = [
            (lead.project_id, lead.id, lead.state, len(lead.touches), lead.ids >= {lead.id}) for lead in leads_of(book)
        ]
        assert found == [
            (e["project"], opened_id("lead", *e["first"]), e["state"], e["touches"], True) for e in expected
        ]
        check_told(published, leads_of(book))
    assert books[0] == books[1]


def check_told(published: list, leads: list) -> None:
    """Whoever keeps the newest stage said of each lead, and follows `replaces`, knows the leads there are."""
    known: dict[str, str] = {}
    for said in published:
        if isinstance(said, LeadStageChanged):
            known.pop(said.replaces or "", None)
            known[said.lead_id] = said.after or ""
    assert {lead.id: lead.state for lead in leads}.items() <= known.items()


@settings(max_examples=50, deadline=None)
@given(histories(), st.integers(0, 14))
def test_a_merge_tells_the_difference_and_an_unmerge_tells_it_back(both, cut: int) -> None:
    history = both[0]
    mine, whole = fold(history[:cut])[0], fold(history)[0]
    cause = fact(LeadCaptured("P1", "web"), START, "merge")
    there = {e.data.lead_id: e.data.after for e in correct(mine, whole, cause, START, None) if hasattr(e.data, "after")}
    assert all(there.get(lead.id, lead.state) == lead.state for lead in leads_of(whole) if lead.id in there)
    known = {lead.id: lead.state for lead in leads_of(mine)}
    assert {lead.id: lead.state for lead in leads_of(whole)}.items() <= {**known, **there}.items()
    back = {e.data.lead_id: e.data.after for e in correct(whole, mine, cause, START, None) if hasattr(e.data, "after")}
    after = {**{lead.id: lead.state for lead in leads_of(whole)}, **back}
    assert known.items() <= after.items()
    assert correct(whole, whole, cause, START, None) == []


def test_ten_thousand_facts_fit_into_a_book() -> None:
    facts = []
    for n in range(1_250):
        at = day(n / 10)
        facts += [captured(at, f"C{n}", f"P{n % 90}", "A-17"), contacted(at, f"K{n}", project_id=f"P{n % 90}")]
        deal, project = f"D{n}", f"P{n % 90}"
        facts += [f.visit(at, f"V{n}", project), reserved(at, deal, project)]
        facts += [fact(deals.DealSigned(deal, project, Price("2000000.00")), at, f"{deal}-signed")]
        facts += [
            f.changed(at, f"D{n}", "3000000.00"),
            f.cancelled(at, f"D{n}", "1.00"),
            f.cancelled(at, f"D{n}", "2.00", "2"),
        ]
    book = EMPTY
    for each in facts:
        book, _ = RULES[each.type].apply(book, each, each.recorded_at, None)
    check(book)
    assert len(facts) == 10_000
    assert len(msgspec.msgpack.encode(book)) < LIMIT


def test_a_lead_with_very_many_touches_keeps_its_id() -> None:
    book, _ = fold([captured(day(n), f"C{n:03}") for n in range(100)])
    (lead,) = leads_of(book)
    assert lead.id == opened_id("lead", "/test", "C000")
    assert len(lead.touches) == 40
    assert lead.opened_at == day(0)
