"""What households refuse. Codes are stable."""

from contracts.errors import Refused


class UnknownHousehold(Refused):
    """No household of this id: never founded, founded a moment ago, or ended."""

    code = "unknown_household"
    status = 404
    title = "There is no such household"


class NotInHousehold(Refused):
    """The customer is no member of the household, or of any, or the household has not answered yet."""

    code = "not_in_household"
    status = 409
    title = "The customer is not in the household"


class NotHeadOfHousehold(Refused):
    """Only the head of a household can do this."""

    code = "not_head_of_household"
    status = 409
    title = "The customer is not the head of the household"


class AlreadyInHousehold(Refused):
    """A customer is in one household at most: leave it first."""

    code = "already_in_household"
    status = 409
    title = "The customer is in a household already"


class HouseholdCycle(Refused):
    """The head of a household cannot be a member of another one, so that no two are in each other."""

    code = "household_cycle"
    status = 409
    title = "The head of a household cannot join another one"


class InvitationToOneself(Refused):
    """The head is the one invited, or the same person."""

    code = "invitation_to_oneself"
    status = 422
    title = "Nobody is invited to one's own household"


class AlreadyInvited(Refused):
    """The customer is a member of the household already, or is invited."""

    code = "already_invited"
    status = 409
    title = "The customer is a member already, or is invited"


class HouseholdFull(Refused):
    """As many members, with those invited, as the policy allows."""

    code = "household_full"
    status = 409
    title = "The household has as many members as it can"


class UnknownInvitation(Refused):
    """The customer is not invited to this household: never was, has answered, was too late, or the head took it back."""

    code = "unknown_invitation"
    status = 404
    title = "No such invitation waits for an answer"


class UnknownHouseholdMember(Refused):
    """The customer named is neither a member of the household nor invited."""

    code = "unknown_household_member"
    status = 404
    title = "The household has no such member"


class HeadCannotLeave(Refused):
    """The head leaves last: the others leave, or are removed, before."""

    code = "head_cannot_leave"
    status = 409
    title = "The head of a household leaves last"


class PoolNotEmpty(Refused):
    """A household ends with an empty pool: have the points out of it before."""

    code = "pool_not_empty"
    status = 409
    title = "There are points in the pool"


class InsufficientPool(Refused):
    """Fewer points in the pool than asked for."""

    code = "insufficient_pool"
    status = 409
    title = "There are not enough points in the pool"
