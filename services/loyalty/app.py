"""Loyalty, composed: the only file that knows all of it."""

from functools import partial
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
from services.loyalty.api.routes import routers
from services.loyalty.domain.commands import COMMANDS
from services.loyalty.domain.policy import policy_from
from services.loyalty.policy.conditions import compile_condition
from services.loyalty.rpc.servicer import add_servicers
from services.loyalty.settings import PORTS
from services.loyalty.store.account import INDEXES, account_kind
from services.loyalty.store.campaign import KINDS
from services.loyalty.store.household import HOUSEHOLD
from services.loyalty.store.quota import QUOTA
from services.loyalty.store.reward import INDEXES as REWARD_INDEXES
from services.loyalty.store.reward import REWARD
from services.loyalty.timers.due import SOURCE, make_due
from services.loyalty.worker.table import RULES

NAME = "loyalty"
TABLE = 4
"""The number of the rule table; raise it when a release must not run beside an older one."""


def build(settings: Settings) -> App:
    """The service for these settings, not started."""
    language = Language(SOURCE, COMMANDS, settings.namespace)

    def kinds(policies: PolicyBook) -> dict[str, Kind]:
        own = {"account": account_kind(policies), "reward": REWARD, "quota": QUOTA, "household": HOUSEHOLD}
        return {**own, **KINDS}

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
            devices=True,
            routers=routers,
            servicers=add_servicers,
            access=ACCESS,
            policy_from=partial(policy_from, compile_condition=compile_condition),
            policy_file=str(Path(__file__).parent / "policy" / "loyalty.yaml")
            if settings.policy_dir is None
            else "loyalty.yaml",
            indexes=INDEXES + REWARD_INDEXES,
        ),
        settings,
    )
