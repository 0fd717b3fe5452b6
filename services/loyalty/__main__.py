"""`python -m services.loyalty ROLE`."""

import sys

from chassis.main import run
from services.loyalty.app import build
from services.loyalty.settings import read_settings

if __name__ == "__main__":
    sys.exit(run("loyalty", read_settings, build, sys.argv[1:]))
