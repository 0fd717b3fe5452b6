"""The one error of the local runner."""


class LocalError(Exception):
    """Something a person can put right. The text says what and how; it is printed without a traceback."""
