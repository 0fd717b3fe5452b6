"""`python -m services.service_tickets ROLE`."""

import sys

from chassis.main import run
from services.service_tickets.app import build
from services.service_tickets.settings import read_settings

if __name__ == "__main__":
    sys.exit(run("service_tickets", read_settings, build, sys.argv[1:]))
