"""An account's part in a household: founding one, agreeing to an invitation, hearing what the household has decided.

Only the account knows whether its customer is in a household already, so it refuses a second one. Whether the customer is a
member the household decides, and what it has said stands: where a merge makes the account again, it is heard again. Two
customers of two households who turn out to be one are in both until they leave one of them.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.households import HouseholdAnswered, HouseholdFounded, HouseholdInvited, HouseholdSettled
from services.loyalty.domain.household_commands import AcceptHousehold, DeclineHousehold
from services.loyalty.domain.household_errors import AlreadyInHousehold, HouseholdCycle, UnknownInvitation
from services.loyalty.domain.membership import Membership
from services.loyalty.domain.model import Account
from services.loyalty.domain.policy import Policy

MOST_INVITATIONS = 20
"""Invitations that wait for an account's answer; of more, it declines."""

MOST_LEFT = 20
"""Households an account has left and remembers, so that what they said before, and it hears late, does not count."""

Told = tuple[Account, Sequence[Effect]]


def found_household(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Have a household, as its head; it is there in a moment."""
    _refuse_second(account)
    own = Membership(fact.id, fact.subject, "HEAD", head=fact.subject)
    return _with(account, own), [Effect("HouseholdFounded", HouseholdFounded(fact.subject), fact.id, fact.id)]


def note_invitation(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Remember who asks; who has too many invitations declines."""
    said: HouseholdInvited = fact.data
    asked = Membership(said.household_id, said.member, "INVITED", said.number, said.head, said.until)
    if _heard(account, asked):
        return account, ()
    if sum(each.state == "INVITED" for each in account.memberships.values()) >= MOST_INVITATIONS:
        return account, [_answer(asked, accepted=False)]
    return _with(account, asked), ()


def accept_household(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Agree; the customer is a member when the household has heard it."""
    invited = _invitation(account, fact.data, now)
    if any(each.state == "HEAD" and each.household != invited.household for each in account.memberships.values()):
        raise HouseholdCycle("leave the household of which the customer is the head, as the last")
    _refuse_second(account)
    return _with(account, replace(invited, state="JOINING")), [_answer(invited, accepted=True)]


def decline_household(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Do not agree."""
    invited = _invitation(account, fact.data, now)
    return _with(account, replace(invited, state="OUT")), [_answer(invited, accepted=False)]


def note_membership(account: Account, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Hear what the household has decided; the newest counts, in whatever order it comes."""
    said: HouseholdSettled = fact.data
    settled = Membership(said.household_id, said.member, said.state, said.number, said.head)
    return (account if _heard(account, settled) else _with(account, settled)), ()


def _refuse_second(account: Account) -> None:
    if account.household:
        raise AlreadyInHousehold("leave that household first")


def _invitation(account: Account, asked: AcceptHousehold | DeclineHousehold, now: datetime) -> Membership:
    """Of two customers who are one each may be invited: the answer stays with the one it was given for, also when the account
    is made again and hears of the other one first, or has only the other one's.
    """
    for each in account.memberships.values():
        if each.household != asked.household_id or asked.member not in (None, each.member):
            continue
        if each.state == "INVITED" and (each.until is None or each.until > now):
            return each
    raise UnknownInvitation("it never was, is answered, taken back, or was too long ago", "/household_id")


def _heard(account: Account, said: Membership) -> bool:
    known = account.memberships.get(said.key)
    return known is not None and known.number >= said.number


def _answer(invited: Membership, accepted: bool) -> Effect:
    said = HouseholdAnswered(invited.member, accepted)
    return Effect("HouseholdAnswered", said, invited.key, invited.household)


def _with(account: Account, changed: Membership) -> Account:
    """The account after one change: in the household it was in, if it still is, or else in the first that is left."""
    known = {**account.memberships, changed.key: changed}
    over = [key for key, each in known.items() if each.state == "OUT" and key != changed.key]
    for key in over[:-MOST_LEFT]:
        del known[key]
    within = [each.household for each in known.values() if each.within]
    household = account.household if account.household in within else next(iter(within), "")
    return replace(account, household=household, memberships=known)
