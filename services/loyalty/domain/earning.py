"""Points for visits, surveys and accepted suggestions."""

from collections.abc import Sequence
from datetime import datetime

from contracts.fact import Effect, Fact
from contracts.facts.surveys import SurveyAnswered
from contracts.facts.tickets import SuggestionAccepted
from contracts.facts.visits import VisitCompleted
from services.loyalty.domain.calendar import iso_week, last_day
from services.loyalty.domain.claiming import claim
from services.loyalty.domain.claims import VISITED
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.marks import mark_of
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.referral import settle_referrals, with_step


def award_points_for_visit(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """A completed visit earns once per project and ISO week of the visit, in the project's time zone.

    Its points count from the last day of that week, so that it does not matter which visit of the week is heard of first.
    """
    visit: VisitCompleted = fact.data
    account = with_step(account, fact, VISITED)
    mark = visit_mark(visit, fact.time, policy)
    book = Book(account, fact, now, policy, "award_points_for_visit", visit.visit_id)
    referral = settle_referrals(book, account, account.deals)
    if account.has_mark(mark):
        return book.close(**referral) if referral else (account, ())
    book.since = last_day(fact.time, policy.zone(visit.project_id))
    book.earn("visit", visit.project_id, policy.visit_points, "visit_completed")
    claim(book, "visit", policy.visit_points, visit.project_id)
    return book.close(once=account.once + mark, **referral)


def award_points_for_survey(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """An answered survey earns once per instrument and what it was about."""
    survey: SurveyAnswered = fact.data
    mark = survey_mark(survey)
    if account.has_mark(mark):
        return account, ()
    about = survey.about.id if survey.about else ""
    book = Book(account, fact, now, policy, "award_points_for_survey", about)
    book.earn("survey", survey.project_id, policy.survey_points, "survey_answered")
    claim(book, "survey", policy.survey_points, survey.project_id)
    return book.close(once=account.once + mark)


def award_points_for_suggestion(
    account: Account, fact: Fact, now: datetime, policy: Policy
) -> tuple[Account, Sequence[Effect]]:
    """A suggestion that was accepted earns once per ticket; it does not count for the tier."""
    accepted: SuggestionAccepted = fact.data
    mark = mark_of("suggestion", accepted.ticket_id)
    if account.has_mark(mark):
        return account, ()
    book = Book(account, fact, now, policy, "award_points_for_suggestion", accepted.ticket_id)
    book.earn("suggestion", accepted.project_id, policy.suggestion_points, "suggestion_accepted", qualifies=False)
    claim(book, "suggestion", policy.suggestion_points, accepted.project_id)
    return book.close(once=account.once + mark)


def visit_mark(visit: VisitCompleted, time: datetime, policy: Policy) -> bytes:
    """What makes a visit count only once: project and week."""
    return mark_of("visit", visit.project_id, iso_week(time, policy.zone(visit.project_id)))


def survey_mark(survey: SurveyAnswered) -> bytes:
    """What makes a survey count only once: instrument and what it was about; about nothing, the stage."""
    if survey.about:
        return mark_of("survey", survey.instrument, survey.about.kind, survey.about.id)
    return mark_of("survey", survey.instrument, "stage", survey.stage or "")
