"""`python -m services.leads ROLE`."""

import sys

from chassis.main import run
from services.leads.app import build
from services.leads.settings import read_settings

if __name__ == "__main__":
    sys.exit(run("leads", read_settings, build, sys.argv[1:]))
