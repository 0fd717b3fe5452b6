"""What a referral is refused for."""

from contracts.errors import Refused


class ReferralOfOneself(Refused):
    """Old brings new: referrer and referee are two persons."""

    code = "referral_of_oneself"
    status = 422
    title = "Nobody can refer oneself"


class ReferralOfExistingCustomer(Refused):
    """Who has visited or bought before is no new customer."""

    code = "referral_of_existing_customer"
    status = 409
    title = "This person is a customer already"


class ReferredByAnother(Refused):
    """Somebody else has referred this person, and that referral has not lapsed."""

    code = "referred_by_another"
    status = 409
    title = "Somebody else has referred this person"


class AlreadyReferred(Refused):
    """This member has referred this person already."""

    code = "already_referred"
    status = 409
    title = "The member has referred this person already"


class TooManyReferrals(Refused):
    """The member has as many open referrals as the policy allows."""

    code = "too_many_referrals"
    status = 409
    title = "The member has too many open referrals"


class UnknownReferral(Refused):
    """The member has not referred this person, or it came to nothing long ago."""

    code = "unknown_referral"
    status = 404
    title = "There is no such referral"
