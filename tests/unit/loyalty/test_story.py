"""The loyalty part of the story in DOMAIN 6, and every way of earning, worked by hand."""

from contracts.facts.base import Because
from contracts.facts.loyalty import DebtOpened, LoyaltyTierChanged, PointsEarned, PointsReleased, PointsReversed
from contracts.facts.tickets import SuggestionAccepted
from services.loyalty.domain.model import EMPTY
from tests.unit import facts as f
from tests.unit.facts import day
from tests.unit.loyalty.accounts import apply, check_ledger, fold

STORY = [each for each in f.STORY if each.type != "crm.deal.reserved.v1"]


def test_the_story_ends_with_the_numbers_of_the_document() -> None:
    """Active 50 + 20 + 1,000 + 20; pending D1 1,000 + D2 200 − 100; silver."""
    account, published = fold(STORY)
    assert (account.balances.active, account.balances.pending) == (50 + 20 + 1000 + 20, 1000 + 200 - 100)
    assert (account.owed, account.qualifying_points, account.tier) == (0, 1090, "silver")
    check_ledger(account, published)


def test_the_silver_tier_comes_with_the_payment() -> None:
    """70 points before it, 1,070 with it."""
    _, published = fold(STORY)
    (change,) = [each.data for each in published if isinstance(each.data, LoyaltyTierChanged)]
    assert (change.before, change.after, change.qualifying) == ("base", "silver", 1070)
    assert change.cause.id == "D1-paid-1"


def test_a_signed_deal_grants_pending_points_rounded_down() -> None:
    """CNY 1,999,999.99 are 1,999 points."""
    account, (earned,) = apply(EMPTY, f.signed(day(0), price="1999999.99"))
    assert isinstance(earned.data, PointsEarned)
    assert (earned.data.points, earned.data.state, account.balances.active) == (1999, "pending", 0)


def test_payments_release_cumulatively() -> None:
    """A third, three times: 33 + 33 + 34 of 100, never a point lost to rounding."""
    account, _ = apply(EMPTY, f.signed(day(0), price="100000.00"))
    released = []
    for number, amount in enumerate(("33333.33", "33333.33", "33333.34")):
        account, effects = apply(account, f.paid(day(1), amount=amount, payment_id=str(number)))
        released += [effect.data.points for effect in effects if isinstance(effect.data, PointsReleased)]
    assert released == [33, 33, 34]


def test_a_payment_before_the_signing_releases_with_the_signing() -> None:
    """Order of arrival does not matter."""
    account, published = fold([f.paid(day(1)), f.signed(day(0))])
    assert (account.balances.active, account.balances.pending) == (1000, 1000)
    assert [type(each.data) for each in published] == [PointsEarned, PointsReleased, LoyaltyTierChanged]


def test_paying_too_much_releases_no_more_than_was_granted() -> None:
    """200 % paid is 100 % of the points."""
    account, _ = fold([f.signed(day(0), price="1000.00"), f.paid(day(1), amount="2000.00")])
    assert (account.balances.active, account.balances.pending) == (1, 0)


def test_the_handover_releases_the_rest() -> None:
    """Also what nobody has paid for."""
    account, _ = fold([f.signed(day(0)), f.paid(day(1)), f.handed_over(day(2))])
    assert (account.balances.active, account.balances.pending) == (2000, 0)


def test_a_higher_price_grants_and_a_lower_one_reverses_the_difference() -> None:
    """Pending points move, released ones stay in proportion."""
    account, _ = fold([f.signed(day(0)), f.paid(day(1)), f.changed(day(2), price="2500000.00")])
    assert (account.balances.active, account.balances.pending) == (1000, 1500)
    account, _ = fold([f.changed(day(3), price="1500000.00", number="2")], account)
    assert (account.balances.active, account.balances.pending) == (1000, 500)


def test_a_change_without_price_moves_nothing() -> None:
    """Another name on the contract is no reason for points."""
    account, _ = fold([f.signed(day(0))])
    assert apply(account, f.changed(day(1))) == (account, [])


def test_an_older_change_does_not_replace_a_newer_price() -> None:
    """The price is that of the newest fact, whenever it arrives."""
    account, _ = fold([f.signed(day(0)), f.changed(day(5), price="3000000.00", number="2")])
    assert fold([f.changed(day(3), price="1000000.00")], account)[0].balances.pending == 3000


def test_cancellations_take_pending_points_first_then_active_ones() -> None:
    """Of 2,000 granted and 1,000 released, three quarters cancelled leave 500, all active."""
    account, _ = fold([f.signed(day(0)), f.paid(day(1)), f.cancelled(day(2), amount="500000.00")])
    assert (account.balances.active, account.balances.pending) == (1000, 500)
    account, effects = apply(account, f.cancelled(day(3), amount="1000000.00", number="2"))
    assert (account.balances.active, account.balances.pending, account.balances.reversed) == (500, 0, 1500)
    assert [effect.natural for effect in effects if isinstance(effect.data, PointsReversed)] == ["pending", "active"]
    assert not [effect for effect in effects if isinstance(effect.data, DebtOpened)]


def test_a_cancelled_reservation_moves_nothing() -> None:
    """Only signed deals give points, so only their cancellation takes them."""
    account, _ = fold([f.signed(day(0))])
    assert apply(account, f.cancelled(day(1), stage="reserved")) == (account, [])


def test_the_week_of_a_visit_is_that_of_the_project() -> None:
    """Sunday 23:59 and Monday 00:01 in Shanghai are two weeks, though both are Sunday in UTC."""
    account, _ = fold([f.visit(day(6, 23.98), "V1"), f.visit(day(7, 0.02), "V2")])
    assert account.balances.active == 100
    assert fold([f.visit(day(8), "V3")], account)[0].balances.active == 100
    assert fold([f.visit(day(8), "V4", project_id="P2")], account)[0].balances.active == 150


def test_a_survey_counts_once_per_instrument_and_subject() -> None:
    """The same visit asked about twice gives points once, another visit again."""
    once = f.survey(day(2))
    again = f.fact(once.data, day(3), "answer-again")
    account, _ = fold([once, again, f.survey(day(3), about="V2")])
    assert account.balances.active == 40


def test_an_accepted_suggestion_earns_once_per_ticket_and_not_for_the_tier() -> None:
    """100 points each; the tier does not see them."""
    because = Because("/hearth/service_tickets", "c-1", "service_tickets.resolve_ticket.v1")
    said = [
        f.fact(SuggestionAccepted(ticket, "T-7K3M-9Q2X", because), day(2), name)
        for ticket, name in (("T1", "a"), ("T1", "b"), ("T2", "c"))
    ]
    account, published = fold(said)
    assert (account.balances.active, account.qualifying_points) == (200, 0)
    check_ledger(account, published)
