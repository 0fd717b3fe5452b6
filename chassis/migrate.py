"""The role `migrate`: topics, indexes and policies as this release needs them. Safe to run again, and side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
import yaml

from chassis.app import App
from chassis.fold.ports import Transient
from chassis.policy import BEGINNING, no_policy
from chassis.service import TopicPlan
from chassis.store.seeing.checks import missing_indexes
from chassis.store.system import ensure_indexes, load_policies, publish_policy

log = structlog.get_logger()

MAX_MESSAGE = 1 << 20
PAUSE = 0.5


async def migrate(app: App) -> None:
    """Create what is missing; raises `WrongPartitions` if a topic has another number of partitions than the catalog, and
    `Transient` if one that others make (`HEARTH_TOPICS=expect`) is not there yet.
    """
    plans = {name: topic_settings(plan, app.settings.replication) for name, plan in app.definition.topics.items()}
    if app.settings.topics == "expect" and (missing := await _missing(app, plans)):
        raise Transient(f"HEARTH_TOPICS=expect, and not there: {', '.join(missing)}; make them, or set it to create")
    created = await app.topics.create(plans)
    kinds = app.definition.kinds(no_policy())
    await ensure_indexes(app.database, kinds.values(), app.definition.indexes)
    log.info("migrated", topics_created=created, policy=await _publish_policy(app))


async def wait_migrated(app: App, seconds: float) -> None:
    """Return when another process has migrated for this release; raises `Transient`, saying what lacks, after `seconds`."""
    until = time.monotonic() + seconds
    while lacking := await _lacking(app):
        if time.monotonic() > until:
            raise Transient(f"not migrated after {seconds:.0f} s, run the role `migrate`: {'; '.join(lacking)}")
        log.info("waiting for the role migrate", lacking=lacking)
        await asyncio.sleep(PAUSE)


async def _lacking(app: App) -> list[str]:
    own = app.definition
    try:
        if own.policy_from is not None:
            await load_policies(app.database, own.policy_from)
        topics = await _missing(app, [*own.topics, *own.reads])
        return topics + await missing_indexes(app.database, own.kinds(no_policy()).values(), own.indexes)
    except (Transient, LookupError) as error:
        return [str(error)]


async def _missing(app: App, names: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(names))
    there = await app.topics.find(wanted)
    return [f"topic {name}" for name in wanted if name not in there]


def topic_settings(plan: TopicPlan, replication: int) -> tuple[int, int, dict[str, str]]:
    """Partitions, replicas and settings of a topic."""
    settings = {
        "cleanup.policy": "delete",
        "retention.ms": str(plan.retention_days * 86_400_000),
        "max.message.bytes": str(MAX_MESSAGE),
        "min.insync.replicas": str(min(2, replication)),
        "unclean.leader.election.enable": "false",
    }
    return plan.partitions, replication, settings


async def _publish_policy(app: App) -> int:
    check = app.definition.policy_from
    if check is None:
        return 0
    content = read_policy(Path(app.settings.policy_dir or "."), app.definition.policy_file)
    check(content)
    first = await app.database["policies"].find_one() is None
    since = BEGINNING if first else app.clock.now()
    return await publish_policy(app.database, content, since, "migrate")


def read_policy(directory: Path, file: str) -> dict[str, Any]:
    """A policy file: an absolute path, or a name in the policy directory."""
    with (directory / file).open() as stream:
        return dict(yaml.safe_load(stream))
