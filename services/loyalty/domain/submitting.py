"""A member says whom it has brought. Whether that counts, the referee's account decides (`referral.note_submission`)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.referrals import ReferralSubmitted
from services.loyalty.domain import commands
from services.loyalty.domain.claims import OPEN, Claim, Referral, refusal
from services.loyalty.domain.ledger import Book
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.referral import say_referral, with_claims
from services.loyalty.domain.referral_errors import (
    AlreadyReferred,
    ReferralOfExistingCustomer,
    ReferralOfOneself,
    ReferredByAnother,
    TooManyReferrals,
)


def submit_referral(account: Account, fact: Fact, now: datetime, policy: Policy) -> tuple[Account, Sequence[Effect]]:
    """Remember whom the member has brought, and ask that customer's account. Raises what refuses it."""
    command: commands.SubmitReferral = fact.data
    if command.referee == fact.subject:
        raise ReferralOfOneself("choose another person", "/referee")
    before = account.referrals.get(command.referee, Referral())
    if before.booked or before.state in OPEN or before.state == "QUALIFIED":
        raise AlreadyReferred(f"the referral is {before.shown}", "/referee")
    if sum(each.state in OPEN for each in account.referrals.values()) >= policy.most_open_referrals:
        raise TooManyReferrals(f"at most {policy.most_open_referrals} may be open; wait until some lapse", "/referee")
    book = Book(account, fact, now, policy, "submit_referral", command.referee)
    after = replace(before, state="SUBMITTED", reason="", at=now, project_id=command.project_id or "")
    say_referral(book, command.referee, before, after)
    said = ReferralSubmitted(fact.subject or "", command.project_id)
    book.effects.append(Effect("ReferralSubmitted", said, command.referee, command.referee))
    return book.close(referrals={**account.referrals, command.referee: after})


def refuse_hopeless(referee: Account, referrer: str, now: datetime, policy: Policy) -> None:
    """Raise what the referee's account, as it is now, would answer, so that who asks hears it at once."""
    account = with_claims(referee)
    match refusal(account.claims, account.steps, Claim(referrer, now), policy.referral_days):
        case "existing_customer":
            raise ReferralOfExistingCustomer("this person visited or bought before", "/referee")
        case "referred_already":
            raise ReferredByAnother(f"a referral protects for {policy.referral_days} days", "/referee")
        case _:
            return


def all_told(account: Account) -> list[dict[str, Any]]:
    """All referrals of a member, as the doors show them, the newest first."""
    known = [(each.at.timestamp() if each.at else 0.0, name) for name, each in account.referrals.items() if each.shown]
    return [told(account, name) for _, name in sorted(known, reverse=True)]


def told(account: Account, referee: str) -> dict[str, Any]:
    """A referral, as its doors show it."""
    each = account.referrals.get(referee, Referral())
    return {
        "referee": referee,
        "state": each.shown,
        "reason": each.reason,
        "at": each.at,
        "points": each.booked,
        "project_id": each.project_id,
    }
