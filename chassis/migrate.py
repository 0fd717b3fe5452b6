"""The role `migrate`: topics, indexes and policies as this release needs them. Safe to run again, and side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog
import yaml

from chassis.app import App
from chassis.policy import BEGINNING, no_policy
from chassis.service import TopicPlan
from chassis.store.system import ensure_indexes, publish_policy

log = structlog.get_logger()

MAX_MESSAGE = 1 << 20


async def migrate(app: App) -> None:
    """Create what is missing; raises `WrongPartitions` if a topic has another number of partitions than the catalog."""
    plans = {name: topic_settings(plan, app.settings.replication) for name, plan in app.definition.topics.items()}
    created = await app.topics.create(plans)
    kinds = app.definition.kinds(no_policy())
    await ensure_indexes(app.database, kinds.values(), app.definition.indexes)
    log.info("migrated", topics_created=created, policy=await _publish_policy(app))


def topic_settings(plan: TopicPlan, replication: int) -> tuple[int, int, dict[str, str]]:
    """Partitions, replicas and settings of a topic."""
    return (
        plan.partitions,
        replication,
        {
            "cleanup.policy": "delete",
            "retention.ms": str(plan.retention_days * 86_400_000),
            "max.message.bytes": str(MAX_MESSAGE),
            "min.insync.replicas": str(min(2, replication)),
            "unclean.leader.election.enable": "false",
        },
    )


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
