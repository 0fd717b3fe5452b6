"""What profile refuses, named by the fact that is wrong."""

from contracts.errors import Refused


class UnknownCustomer(Refused):
    """No fact has ever been about a customer of this id."""

    code = "unknown_customer"
    status = 404
    title = "There is no such customer"
