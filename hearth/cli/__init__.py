"""The command line `hearth`: tells the story, shows customers and accounts. Talks to the doors; only
`backup` and `restore` talk to the database.
"""

import sys

from hearth.cli.commands import app
from hearth.cli.errors import CliError


def main() -> None:
    """Run a command; an error a person can put right is one line and exit code 1."""
    try:
        app()
    except CliError as error:
        print(f"hearth: {error}", file=sys.stderr)
        sys.exit(1)
