"""What profile refuses, named by the fact that is wrong."""

from contracts.errors import Refused


class UnknownCustomer(Refused):
    """No fact has ever been about a customer of this id."""

    code = "unknown_customer"
    status = 404
    title = "There is no such customer"


class ErasedCustomer(Refused):
    """This customer was erased; nothing about the person is taken in any more."""

    code = "erased_customer"
    status = 409
    title = "This customer was erased"


class InvalidIdentifier(Refused):
    """An identifier that no person can have: an impossible phone number, a malformed address, a wrong check digit."""

    code = "invalid_identifier"
    title = "The identifier cannot be right"


class SameCustomer(Refused):
    """A customer cannot be merged with himself."""

    code = "same_customer"
    title = "Both are the same customer"


class AlreadyMerged(Refused):
    """The two are one person already, directly or by way of others; merging again would make a circle."""

    code = "already_merged"
    status = 409
    title = "The two are one person already"


class NeverMerged(Refused):
    """No merge of this id has ever joined this customer to another one."""

    code = "never_merged"
    status = 404
    title = "There is no such merge"


class AlreadyUnmerged(Refused):
    """The merge was undone before; it cannot be undone twice."""

    code = "already_unmerged"
    status = 409
    title = "The merge was undone before"


class UnknownEvent(Refused):
    """No event of this source and id has been accepted."""

    code = "unknown_event"
    status = 404
    title = "There is no such event"


class InvalidPolicy(Refused):
    """A policy document that cannot be in force."""

    code = "invalid_policy"
    title = "The policy is not valid"


class UnknownWebhook(Refused):
    """There is no webhook of this id, or no longer."""

    code = "unknown_webhook"
    status = 404
    title = "There is no such webhook"


class UnknownDelivery(Refused):
    """Nothing of this id was delivered to this webhook; delivered messages are kept for seven days."""

    code = "unknown_delivery"
    status = 404
    title = "There is no such delivery"


class UnsubscribableType(Refused):
    """Only facts of the journal and of `crm.fact.*` can be subscribed to; `docs/events.md` lists them with their topics."""

    code = "unsubscribable_type"
    title = "This type cannot be subscribed to"


class TooManyWebhooks(Refused):
    """A caller may have fifty webhooks; one that is not needed can be deleted, or given more types."""

    code = "too_many_webhooks"
    status = 409
    title = "There are too many webhooks of this caller"
