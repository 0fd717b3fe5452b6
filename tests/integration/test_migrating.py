"""The role `migrate` of one release beside the processes that wait for it."""

import asyncio
import importlib
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chassis.app import App
from chassis.fold.ports import Transient
from chassis.migrate import migrate, wait_migrated
from chassis.settings import read
from deploy.local import keys, ports, stack
from tests.running import Hearth, until

pytestmark = pytest.mark.integration


@pytest.fixture
async def apps(engines: stack.Engines, namespace: str, tmp_path: Path) -> AsyncIterator[dict[str, App]]:
    """Services, not started: loyalty reads topics that profile and service_tickets own."""
    files = keys.ensure(tmp_path)
    given: dict[str, Any] = {"KAFKA_BOOTSTRAP": engines.bootstrap, "MONGO_URL": engines.mongo_url}
    given |= {
        "namespace": namespace,
        "kek_file": files["HEARTH_KEK_FILE"],
        "index_key_file": files["HEARTH_INDEX_KEY_FILE"],
    }
    built = {}
    for name in ("profile", "loyalty", "service_tickets"):
        settings = importlib.import_module(f"services.{name}.settings")
        model = getattr(settings, "ProfileSettings", settings.Settings)
        built[name] = importlib.import_module(f"services.{name}.app").build(read(model, **given))
    yield built
    for app in built.values():
        await app.stop()


async def test_what_waits_goes_on_when_all_it_needs_is_there(apps: dict[str, App]) -> None:
    with pytest.raises(Transient, match="no policy is published"):
        await wait_migrated(apps["loyalty"], 0)
    await migrate(apps["loyalty"])
    with pytest.raises(Transient, match=r"topic .*crm\.journal"):
        await wait_migrated(apps["loyalty"], 0)
    waiting = asyncio.create_task(wait_migrated(apps["loyalty"], 60))
    await migrate(apps["service_tickets"])
    await migrate(apps["profile"])
    await migrate(apps["profile"])  # running it again changes nothing
    await waiting


async def test_topics_that_others_make_are_expected(apps: dict[str, App]) -> None:
    expecting = apps["loyalty"].settings.model_copy(update={"topics": "expect"})
    apps["loyalty"].settings = expecting
    with pytest.raises(Transient, match=r"HEARTH_TOPICS=expect.*crm\.fact\.loyalty"):
        await migrate(apps["loyalty"])
    apps["loyalty"].settings = expecting.model_copy(update={"topics": "create"})
    await migrate(apps["loyalty"])
    apps["loyalty"].settings = expecting
    await migrate(apps["loyalty"])


@pytest.mark.real  # the embedded broker makes every topic that somebody asks for
async def test_a_worker_says_which_topic_it_waits_for(apps: dict[str, App]) -> None:
    """As somebody meets it who starts one service before the others have made their topics."""
    loyalty = apps["loyalty"]
    await migrate(loyalty)
    loyalty.settings = loyalty.settings.model_copy(update={"admin_port": ports.free_ports(1)[0]})
    await loyalty.start("worker")
    others = set(loyalty.definition.reads) - set(loyalty.definition.topics)
    named = {f"topic {name} is missing: `migrate` of its owner makes it" for name in others}
    assert named
    async with asyncio.timeout(60):
        while not set(await loyalty.not_ready()) >= named:
            await asyncio.sleep(0.1)
    await migrate(apps["service_tickets"])
    await migrate(apps["profile"])
    async with asyncio.timeout(120):
        while await loyalty.not_ready():
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_whole_service_that_waits_for_its_neighbours_can_be_ended(
    engines: stack.Engines, tmp_path: Path, number: signal.Signals
) -> None:
    hearth = Hearth(engines, tmp_path, "all", {})
    alone = hearth.process_of(hearth.service("leads"))
    alone.spawn()
    try:
        until(lambda: "waiting for the role migrate" in alone.log.read_text(), bool, "leads waits for the journal")
        alone.send(number)
        until(lambda: alone.alive, lambda alive: not alive, "leads has ended", 20)
    finally:
        alone.kill()
