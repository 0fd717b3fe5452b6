"""Leads, composed: the only file that knows all of it."""

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
from services.leads.api.routes import routers
from services.leads.api.where import whereabouts
from services.leads.rpc.servicer import add_servicers
from services.leads.settings import PORTS
from services.leads.store.book import BOOK, INDEXES
from services.leads.timers.due import SOURCE, make_due
from services.leads.worker.table import RULES

NAME = "leads"
TABLE = 1
"""The number of the rule table; raise it when a release must not run beside an older one."""


def build(settings: Settings) -> App:
    """The service for these settings, not started."""
    language = Language(SOURCE, (), settings.namespace)

    def kinds(_policies: PolicyBook) -> dict[str, Kind]:
        return {BOOK.name: BOOK}

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
            indexes=INDEXES,
        ),
        settings,
    )
