"""Tickets, composed: the only file that knows all of it."""

from pathlib import Path

from chassis.app import App
from chassis.fold.model import Kind
from chassis.policy import PolicyBook
from chassis.service import Definition
from chassis.settings import Settings
from contracts.access import ACCESS
from contracts.catalog import JOURNAL
from contracts.errors import Refused
from contracts.language import Language
from contracts.topics import plans_of, read_by
from services.service_tickets.api.routes import routers
from services.service_tickets.api.where import whereabouts
from services.service_tickets.domain.commands import COMMANDS
from services.service_tickets.domain.policy import policy_from
from services.service_tickets.rpc.servicer import add_servicers
from services.service_tickets.settings import PORTS
from services.service_tickets.store.file import FILE, INDEXES
from services.service_tickets.timers.due import SOURCE, make_due
from services.service_tickets.worker.table import RULES

NAME = "service_tickets"
TABLE = 1
"""The number of the rule table; raise it when a release must not run beside an older one."""


def build(settings: Settings) -> App:
    """The service for these settings, not started."""
    language = Language(SOURCE, COMMANDS, settings.namespace)

    def kinds(_policies: PolicyBook) -> dict[str, Kind]:
        return {FILE.name: FILE}

    return App(
        Definition(
            name=NAME,
            version="0.1.0",
            ports=PORTS,
            kinds=kinds,
            rules=RULES,
            table=TABLE,
            language=language,
            reads=read_by(NAME, settings.namespace),
            journal=language.topic(JOURNAL),
            topics=plans_of(NAME, settings.namespace, settings.partitions),
            refusals=Refused,
            make_due=make_due,
            routers=routers,
            servicers=add_servicers,
            access=ACCESS,
            whereabouts=whereabouts,
            policy_from=policy_from,
            policy_file=str(Path(__file__).parent / "policy" / "service_tickets.yaml")
            if settings.policy_dir is None
            else "service_tickets.yaml",
            indexes=INDEXES,
        ),
        settings,
    )
