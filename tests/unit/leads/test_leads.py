"""The lead of the story in DOMAIN 6, and every way of opening, joining, losing and finding one."""

from contracts.codes import opened_id
from contracts.facts.leads import LeadContacted
from contracts.facts.pipeline import LeadLost, LeadStageChanged, LeadWon
from services.leads.domain.merging import correct
from services.leads.domain.model import EMPTY, LeadBook
from tests.unit import facts as f
from tests.unit.facts import day, fact
from tests.unit.leads.books import apply, captured, contacted, fold, leads, reserved

STORY = (
    captured(day(0, 9), "form"),
    captured(day(0, 10), "wechat"),
    f.visit(day(2, 10)),
    reserved(day(5)),
    f.signed(day(7), "D1"),
    f.signed(day(7), "D2", "200000.00"),
    f.cancelled(day(40), "D2", "100000.00"),
)


def test_the_story_ends_with_one_lead_won_with_two_touches() -> None:
    (lead,) = leads(STORY)
    assert (lead.project_id, lead.state, len(lead.touches)) == ("P1", "WON", 2)
    assert (lead.id, lead.opened_at, lead.origin) == (opened_id("lead", "/test", "form"), day(0, 9), "capture")


def test_every_stage_of_the_story_is_told_once() -> None:
    _, published = fold(STORY)
    stages = [(said.before, said.after) for said in published if isinstance(said, LeadStageChanged)]
    assert stages == [(None, "NEW"), ("NEW", "VISITED"), ("VISITED", "RESERVED"), ("RESERVED", "WON")]
    assert [said.because.id for said in published if isinstance(said, LeadWon)] == ["D1-signed"]


def test_a_lead_climbs_by_agent_and_contact() -> None:
    facts = [captured(day(0)), captured(day(1), "C2", agent="A-1"), contacted(day(2), project_id="P1")]
    assert [leads(facts[: n + 1])[0].state for n in range(3)] == ["NEW", "ASSIGNED", "CONTACTED"]
    assert leads(facts)[0].agent_id == "A-1"


def test_the_newest_agent_is_shown() -> None:
    facts = [captured(day(1), "C2", agent="A-2"), captured(day(0), agent="A-1")]
    assert leads(facts)[0].agent_id == "A-2"


def test_a_call_that_reached_nobody_is_no_contact() -> None:
    assert leads([captured(day(0)), contacted(day(1), outcome="no_answer", project_id="P1")])[0].state == "NEW"
    told = fact(LeadContacted("busy", "phone", project_id="P1", effective=True), day(1), "K2")
    assert leads([captured(day(0)), told])[0].state == "CONTACTED"


def test_a_contact_names_its_lead_its_project_or_nothing() -> None:
    first, other = captured(day(0)), captured(day(0), "C2", "P2")
    own = opened_id("lead", "/test", "C2")
    assert [lead.state for lead in leads([first, contacted(day(1))])] == ["CONTACTED"]
    assert [lead.state for lead in leads([first, other, contacted(day(1))])] == ["NEW", "NEW"]
    assert [lead.state for lead in leads([contacted(day(1), lead_id=own), first, other])] == ["NEW", "CONTACTED"]
    assert [lead.state for lead in leads([contacted(day(1), project_id="P2"), first, other])] == ["NEW", "CONTACTED"]


def test_a_contact_alone_makes_no_lead() -> None:
    book, effects = apply(EMPTY, contacted(day(1), project_id="P1"))
    assert leads([contacted(day(1), project_id="P1")]) == []
    assert effects == [] and book != LeadBook()


def test_whoever_visits_or_reserves_without_being_captured_is_a_lead() -> None:
    (visitor,) = leads([f.visit(day(0))])
    (buyer,) = leads([reserved(day(0))])
    assert (visitor.origin, visitor.state, visitor.touches) == ("visit", "VISITED", ())
    assert (buyer.origin, buyer.state) == ("deal", "RESERVED")


def test_a_cancellation_before_its_reservation_loses_the_lead_all_the_same() -> None:
    cancelled = f.cancelled(day(3), amount="0.00", stage="reserved")
    book, _ = fold([captured(day(0)), cancelled])
    _, effects = apply(book, reserved(day(2)))
    assert [type(effect.data) for effect in effects] == [LeadStageChanged, LeadLost]


def test_a_partial_cancellation_changes_nothing() -> None:
    book, _ = fold([captured(day(0)), f.signed(day(1))])
    assert apply(book, f.cancelled(day(2)))[1] == []


def test_a_lead_is_lost_when_all_its_deals_are_cancelled_in_full() -> None:
    facts = [f.signed(day(1), "D1"), f.signed(day(1), "D2", "100.00"), f.cancelled(day(2), "D1", "2000000.00")]
    assert [lead.state for lead in leads(facts)] == ["WON"]
    (lead,) = leads([*facts, f.cancelled(day(3), "D2", "40.00"), f.cancelled(day(4), "D2", "60.00", "2")])
    assert (lead.state, lead.lost_at) == ("LOST", day(4))


def test_a_higher_price_makes_a_full_cancellation_a_partial_one() -> None:
    facts = [f.signed(day(1), price="100.00"), f.cancelled(day(3), amount="100.00")]
    assert [lead.state for lead in leads(facts)] == ["LOST"]
    assert [lead.state for lead in leads([*facts, f.changed(day(2), price="150.00")])] == ["WON"]


def test_after_the_loss_the_next_capture_opens_another_lead() -> None:
    lost = [captured(day(0)), f.signed(day(1), price="100.00"), f.cancelled(day(2), amount="100.00")]
    book, _ = fold(lost)
    assert [lead.state for lead in leads([*lost, captured(day(1), "C2")])] == ["LOST"]
    _, effects = apply(book, captured(day(3), "C3"))
    (opened,) = [effect.data for effect in effects]
    assert (opened.lead_id, opened.before, opened.after) == (opened_id("lead", "/test", "C3"), None, "NEW")
    assert [lead.state for lead in leads([*lost, captured(day(3), "C3")])] == ["LOST", "NEW"]


def test_an_earlier_fact_gives_the_lead_its_id_and_the_old_one_still_finds_it() -> None:
    book, _ = fold([captured(day(1), "C2")])
    after, (told,) = apply(book, captured(day(0), "C1"))
    (lead,) = leads([captured(day(1), "C2"), captured(day(0), "C1")])
    assert told.data.replaces == opened_id("lead", "/test", "C2")
    assert lead.ids == {told.data.lead_id, told.data.replaces}
    assert after.firsts["P1"].id == "C1"


def test_a_merge_wins_nothing_twice_and_loses_only_what_is_new() -> None:
    seen, bought = fold([captured(day(0))])[0], fold([f.signed(day(1), price="100.00")])[0]
    both, _ = fold([captured(day(0)), f.signed(day(1), price="100.00")])
    assert [type(each.data) for each in correct(seen, both, f.signed(day(1)), day(9), None)] == [LeadStageChanged]
    assert [type(each.data) for each in correct(EMPTY, bought, f.signed(day(1)), day(9), None)] == [LeadStageChanged]
    over, _ = fold([captured(day(0)), f.signed(day(1), price="100.00"), f.cancelled(day(2), amount="100.00")])
    told = [type(each.data) for each in correct(both, over, f.signed(day(1)), day(9), None)]
    assert told == [LeadStageChanged, LeadLost]
    assert [each.data.after for each in correct(both, EMPTY, f.signed(day(1)), day(9), None)] == [None]


def test_a_payment_is_no_concern_of_leads() -> None:
    from services.leads.worker.table import RULES

    assert "crm.deal.payment_received.v1" not in RULES
