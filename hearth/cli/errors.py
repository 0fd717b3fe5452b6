"""The one error of the command line."""


class CliError(Exception):
    """Something its user can put right; printed without a trace, exit code 1."""


class NotThere(CliError):
    """The service knows nothing under this id (yet)."""
