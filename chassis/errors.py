"""Errors that a user of any door can meet because of the mechanism, not of the business. Each has a stable code."""

from __future__ import annotations


class ChassisError(Exception):
    """Base: `code` (stable, snake_case), `status` (HTTP), `title`; `detail` and `pointer` of the instance."""

    code = "internal"
    status = 500
    title = "Something went wrong inside; it is logged under the trace id"

    def __init__(self, detail: str = "", pointer: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.pointer = pointer


class IdempotencyKeyMissing(ChassisError):
    """A command came without the header `Idempotency-Key` (gRPC: metadata `idempotency-key`); make one per intent."""

    code = "idempotency_key_missing"
    status = 400
    title = "A command needs an Idempotency-Key: 1 to 200 visible ASCII characters, one per intent"


class IdempotencyKeyReused(ChassisError):
    """The key was used before by the same caller for another request; use a new one for a new intent."""

    code = "idempotency_key_reused"
    status = 422
    title = "This idempotency key was used for another request"


class PreconditionFailed(ChassisError):
    """The entity has changed since it was read (`If-Match`); read it again and decide again."""

    code = "precondition_failed"
    status = 412
    title = "The entity has changed since it was read"


class BadIfMatch(ChassisError):
    """`If-Match` must be the ETag of an earlier answer: a version number in double quotes."""

    code = "if_match_invalid"
    status = 400
    title = 'If-Match must be a version in double quotes, for example "7"'


class InvalidRequest(ChassisError):
    """Fields of the request are wrong; `errors` names each by its JSON pointer. Values are never repeated."""

    code = "invalid_request"
    status = 422
    title = "The request has wrong fields"


class NotFound(ChassisError):
    """There is nothing under this id, or nothing yet: facts are applied within a second of their arrival."""

    code = "not_found"
    status = 404
    title = "Not found"


class NoSuchRoute(ChassisError):
    """No door has this path or method; `/docs` lists them."""

    code = "no_such_route"
    status = 404
    title = "There is no such route"


class BodyTooLarge(ChassisError):
    """A request body has at most 64 KiB; give larger content by link."""

    code = "body_too_large"
    status = 413
    title = "The body is larger than 65536 bytes"


class DeadlineExceeded(ChassisError):
    """The answer did not come in time; a command may still be carried out: repeat it with the same idempotency key."""

    code = "deadline_exceeded"
    status = 504
    title = "No answer in time; repeat with the same idempotency key"


class Unavailable(ChassisError):
    """The database or the broker does not answer; nothing is lost, try again."""

    code = "unavailable"
    status = 503
    title = "The database or the broker does not answer; try again"


class Unauthenticated(ChassisError):
    """The request does not show who asks: send a token of the issuer, valid now and for this audience, in the header
    `Authorization` (gRPC: metadata `authorization`), never in the URL.
    """

    code = "unauthenticated"
    status = 401
    title = "Who asks is not known"


class Forbidden(ChassisError):
    """The policy table does not allow this to any of the caller's roles, or not for this object."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class TooManyRequests(ChassisError):
    """The caller asks more often than is allowed; `Retry-After` says after how many seconds to go on."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests; wait and try again"
    retry_after = 1
    """Seconds."""


class ClockRefused(ChassisError):
    """The clock cannot be moved there: it is the real one, or the instant is malformed or in the past."""

    code = "clock_refused"
    status = 409
    title = "The clock cannot be moved there"


def every() -> list[type[ChassisError]]:
    """All of them, for the generated page."""
    return [ChassisError, *ChassisError.__subclasses__()]
