"""What tickets refuse, named by what is wrong."""

from contracts.errors import Refused


class UnknownTicket(Refused):
    """No fact has made a ticket of this id, none that is applied and searchable yet, or it was resolved long ago."""

    code = "unknown_ticket"
    status = 404
    title = "There is no such ticket"
    elsewhere = True


class UnknownCaseFile(Refused):
    """No complaint, request or answer of this customer has been applied yet."""

    code = "unknown_case_file"
    status = 404
    title = "Nothing is known of tickets or answers of this customer"


class AlreadyResponded(Refused):
    """The first answer was given before; only the first one stops the clock."""

    code = "already_responded"
    status = 409
    title = "The ticket was answered before"


class AlreadyResolved(Refused):
    """The matter is settled."""

    code = "already_resolved"
    status = 409
    title = "The ticket is resolved"


class NotYetRaised(Refused):
    """The ticket's fact is dated later than this command (senders' clocks may run ahead by five minutes)."""

    code = "not_yet_raised"
    status = 409
    title = "The ticket is dated in the future"


class TooManyOpenTickets(Refused):
    """The customer has as many open tickets as a file can hold; a person has to look at it."""

    code = "too_many_open_tickets"
    status = 409
    title = "The customer has too many open tickets"


class InvalidPolicy(Refused):
    """A policy document that cannot be in force."""

    code = "invalid_policy"
    status = 422
    title = "The policy is not valid"
