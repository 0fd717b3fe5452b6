"""`python -m services.profile ROLE`."""

import sys

from chassis.main import run
from services.profile.app import build
from services.profile.settings import read_settings

if __name__ == "__main__":
    sys.exit(run("profile", read_settings, build, sys.argv[1:]))
