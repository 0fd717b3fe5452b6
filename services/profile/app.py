"""Profile, composed: the only file that knows all of it."""

from pathlib import Path

from chassis.app import App
from chassis.fold.model import Kind
from chassis.policy import PolicyBook
from chassis.service import Definition
from chassis.settings import Settings
from contracts.access import ACCESS
from contracts.catalog import JOURNAL
from contracts.errors import Refused
from contracts.intake.forms import FORMS
from contracts.language import Language
from contracts.topics import named, plans_of, read_by
from services.profile.api.routes import routers
from services.profile.api.where import whereabouts
from services.profile.domain.policy import policy_from
from services.profile.rpc.servicer import add_servicers
from services.profile.settings import PORTS
from services.profile.store.customer import CUSTOMER
from services.profile.store.indexes import INDEXES
from services.profile.tasks.erasing import erase
from services.profile.timers.progress import SOURCE, each_second, make_due
from services.profile.worker.identity import unpublished
from services.profile.worker.intake import Intake
from services.profile.worker.resending import said_since
from services.profile.worker.table import RULES
from services.profile.worker.webhooks import webhooks_of

NAME = "profile"
TABLE = 1
"""The number of the rule table; raise it when a release must not run beside an older one."""


def build(settings: Settings) -> App:
    """The service for these settings, not started."""
    language = Language(SOURCE, (), settings.namespace)

    def kinds(_policies: PolicyBook) -> dict[str, Kind]:
        return {"customer": CUSTOMER}

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
            every_second=each_second,
            said_besides=said_since,
            unpublished=unpublished,
            policy_from=policy_from,
            policy_file=str(Path(__file__).parent / "policy" / "profile.yaml")
            if settings.policy_dir is None
            else "profile.yaml",
            indexes=INDEXES,
            relayed=intake_topics(settings.namespace),
            relay=Intake,
            companion=webhooks_of,
            tasks={"erase": erase},
        ),
        settings,
    )


def intake_topics(namespace: str) -> tuple[str, ...]:
    """The topics that are resolved, not folded."""
    return tuple(sorted({named(form.topic, namespace) for form in FORMS.values()}))
