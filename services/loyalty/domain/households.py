"""Who is in a household. A household is an entity of its own, which alone decides on its members and its pool; accounts
hear of it and answer by facts on `crm.self.loyalty`.

The head invites, who is invited agrees at the own account, anybody may leave. What a household says of a member is counted,
so that an account which hears it late or out of order keeps the newest. It says so under the id by which it knows the
member, also when that customer has turned out to be another one: so it stays with who it is about when a merge is undone.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from contracts.fact import Effect, Fact
from contracts.facts.households import HouseholdAnswered, HouseholdFounded, HouseholdInvited, HouseholdSettled
from services.loyalty.domain.household import Household
from services.loyalty.domain.household_commands import (
    HouseholdDue,
    InviteToHousehold,
    LeaveHousehold,
    RemoveFromHousehold,
)
from services.loyalty.domain.household_errors import (
    AlreadyInvited,
    HeadCannotLeave,
    HouseholdFull,
    InvitationToOneself,
    NotHeadOfHousehold,
    NotInHousehold,
    PoolNotEmpty,
    UnknownHousehold,
    UnknownHouseholdMember,
)
from services.loyalty.domain.policy import Policy
from services.loyalty.domain.pools import expire_lots, left

Told = tuple[Household, Sequence[Effect]]


def open_household(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """It is there, with its head as the only member."""
    founded: HouseholdFounded = fact.data
    opened = replace(household, head=founded.head, members=(founded.head,))
    return _say(opened, fact, (founded.head,), "household_founded")


def invite_to_household(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Ask a customer to join, who has some days to answer; whoever is invited takes a place until then."""
    asked: InviteToHousehold = fact.data
    _refuse_others(household, asked.by)
    if asked.member == asked.by:
        raise InvitationToOneself("choose another customer", "/member")
    if asked.member in household.members or asked.member in household.invited:
        raise AlreadyInvited("nothing has to be done", "/member")
    if len(household.members) + len(household.invited) >= policy.most_members:
        raise HouseholdFull(f"a household has at most {policy.most_members} members, those invited among them")
    until, number = now + timedelta(days=policy.invitation_days), household.number + 1
    said = HouseholdInvited(fact.subject, asked.member, household.head, until, number)
    invited = {**household.invited, asked.member: until}
    return replace(household, invited=invited, number=number), [
        Effect("HouseholdInvited", said, asked.member, asked.member)
    ]


def settle_invitation(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Who was invited has answered, and hears what that makes of the two: nothing, if the invitation is not there any more."""
    answered: HouseholdAnswered = fact.data
    member = answered.member
    joins = answered.accepted and member in household.invited
    members = (*household.members, member) if joins else household.members
    why = "invitation_accepted" if joins else "invitation_declined" if not answered.accepted else "invitation_gone"
    after = replace(household, members=members, invited=_without(household, member))
    return _say(after, fact, (member,), "member_already" if member in household.members else why)


def remove_from_household(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """The head removes a member, or takes an invitation back. What the member gave stays in the pool."""
    asked: RemoveFromHousehold = fact.data
    _refuse_others(household, asked.by)
    if asked.member == household.head:
        raise HeadCannotLeave("leave instead, as the last", "/member")
    if asked.member not in (*household.members, *household.invited):
        raise UnknownHouseholdMember("choose a member, or somebody who is invited", "/member")
    return _say(_parted(household, asked.member), fact, (asked.member,), "member_removed")


def leave_household(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """A member leaves, and what it gave stays in the pool. The head leaves last, and out of an empty pool: then the household
    has ended, and who is still invited hears that.
    """
    asked: LeaveHousehold = fact.data
    if asked.member not in household.members:
        raise NotInHousehold("the customer has left, or was removed")
    if asked.member != household.head:
        return _say(_parted(household, asked.member), fact, (asked.member,), "member_left")
    if len(household.members) > 1:
        raise HeadCannotLeave(f"{len(household.members) - 1} others are members")
    if left(household, now):
        raise PoolNotEmpty(f"{left(household, now)} points are in the pool: withdraw them first")
    told = (asked.member, *household.invited)
    return _say(replace(household, head="", members=(), invited={}), fact, told, "household_ended")


def next_household_due(household: Household) -> HouseholdDue | None:
    """The next thing that becomes due on this household by itself, if anything; the earliest first."""
    due = [HouseholdDue("pool_expiry", lot.expires_at) for lot in household.lots.values() if lot.expires_at]
    due += [HouseholdDue("invitation_timeout", until) for until in household.invited.values()]
    return min(due, key=lambda entry: (entry.due_at, entry.kind), default=None)


def fire_household_due(household: Household, fact: Fact, now: datetime, policy: Policy) -> Told:
    """Do what is due at `due_at`: points of the pool end, or invitations do."""
    due: HouseholdDue = fact.data
    if due.kind == "pool_expiry":
        return expire_lots(replace(household, expired_to=due.due_at), fact, policy, "fire_household_due")
    late = tuple(member for member, until in household.invited.items() if until <= due.due_at)
    after = replace(household, invited={name: until for name, until in household.invited.items() if name not in late})
    return _say(after, fact, late, "invitation_timed_out")


def _refuse_others(household: Household, by: str) -> None:
    if not household.head:
        raise UnknownHousehold("it was not founded, a moment ago perhaps, or has ended")
    if by != household.head:
        raise NotHeadOfHousehold("ask its head")


def _parted(household: Household, member: str) -> Household:
    members = tuple(each for each in household.members if each != member)
    return replace(household, members=members, invited=_without(household, member))


def _without(household: Household, member: str) -> dict[str, datetime]:
    return {name: until for name, until in household.invited.items() if name != member}


def _say(household: Household, fact: Fact, about: Sequence[str], why: str) -> Told:
    """Tell customers what they are to the household now."""
    effects: list[Effect] = []
    for number, member in enumerate(about, household.number + 1):
        state = "HEAD" if member == household.head else "MEMBER" if member in household.members else "OUT"
        said = HouseholdSettled(fact.subject, member, household.head or member, state, number, why)
        effects.append(Effect("HouseholdSettled", said, member, member))
    return replace(household, number=household.number + len(about)), effects
