"""Errors of those who repair. Each has a stable code."""

from chassis.errors import ChassisError


class BadEdit(ChassisError):
    """A change of a dead letter cannot be made: `pointer` says where; send JSON Patch operations add, replace, remove."""

    code = "bad_edit"
    status = 422
    title = "This change of a dead letter cannot be made"


class LetterSent(ChassisError):
    """The dead letter was sent again already: what it held is elsewhere; change the new letter, if there is one."""

    code = "dead_letter_sent"
    status = 409
    title = "This dead letter was sent again already"


class LetterSealed(ChassisError):
    """The dead letter was sealed under another key; start the service with the key file of that time (HEARTH_KEK_FILE)."""

    code = "dead_letter_sealed"
    status = 409
    title = "This dead letter was sealed under another key"
