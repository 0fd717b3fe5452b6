"""What leads refuses, named by what is wrong."""

from contracts.errors import Refused


class UnknownLead(Refused):
    """No fact has made a lead of this id, or none that is applied and searchable yet (less than a second)."""

    code = "unknown_lead"
    status = 404
    title = "There is no such lead"


class UnknownLeadBook(Refused):
    """No fact about a lead of this customer has been applied yet."""

    code = "unknown_lead_book"
    status = 404
    title = "Nothing is known of leads of this customer"
