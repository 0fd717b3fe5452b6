"""Why something was refused, as classes with stable codes. Texts name fields, limits and types, never values.

`docs/errors.md` lists these classes; a code never changes its meaning.
"""

from typing import ClassVar


class Refused(Exception):
    """Base of everything that is refused for a reason the sender can act on.

    `detail` is a sentence for people, `pointer` a JSON pointer (RFC 6901) to the member that is wrong, empty when it
    is the whole.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    title: ClassVar[str] = "The request was refused"

    def __init__(self, detail: str = "", pointer: str = "") -> None:
        """Keep what the sender needs to know; `detail` and `pointer` must not carry values of fields."""
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.pointer = pointer


class Rejected(Refused):
    """A record or request that is not an acceptable fact: a dead letter on Kafka, a 4xx answer by HTTP."""

    code = "rejected"
    title = "This is not an acceptable fact"


class NotJson(Rejected):
    """The data is not JSON, or says it is something else."""

    code = "not_json"
    status = 400
    title = "The data is not JSON"


class NotUtf8(Rejected):
    """Text (data, key or header) that is not UTF-8."""

    code = "not_utf8"
    status = 400
    title = "The text is not UTF-8"


class NotCloudEvent(Rejected):
    """The envelope is not CloudEvents 1.0, in neither of the two content modes."""

    code = "not_cloudevent"
    status = 400
    title = "The record is not a CloudEvent 1.0"


class NoData(Rejected):
    """A null value (tombstone), or data that is null."""

    code = "no_data"
    status = 400
    title = "The fact has no data"


class UnknownType(Rejected):
    """No fact of this name is in the catalog."""

    code = "unknown_type"
    title = "The type of the fact is not known"


class UnknownVersion(Rejected):
    """The fact's name is in the catalog, this version of it is not."""

    code = "unknown_version"
    title = "The version of the fact's type is not known"


class MissingField(Rejected):
    """A required attribute or data field is absent; the pointer names it."""

    code = "missing_field"
    title = "A required field is missing"


class WrongType(Rejected):
    """A value of another JSON type than expected; money as a number instead of a string, for example."""

    code = "wrong_type"
    title = "A field has the wrong type"


class InvalidField(Rejected):
    """A value of the right type that breaks a limit, a pattern or a rule between fields."""

    code = "invalid_field"
    title = "A field has an invalid value"


class TooLarge(Rejected):
    """More than 64 KiB, the size CloudEvents guarantees; larger content goes by link."""

    code = "too_large"
    status = 413
    title = "The fact is larger than 65536 bytes"


class TimeInFuture(Rejected):
    """`time` lies more than five minutes after the moment the fact was recorded."""

    code = "time_in_future"
    title = "The time of the fact lies in the future"


class KeyMismatch(Rejected):
    """The record's key is not the fact's subject (in the journal and fact topics: the customer id)."""

    code = "key_mismatch"
    title = "The record's key is not the subject"


class Conflict(Rejected):
    """The same source and id came before with other content."""

    code = "conflict"
    status = 409
    title = "The same id came before with other content"
