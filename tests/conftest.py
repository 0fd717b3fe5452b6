"""Fixtures of all tests: engines (embedded, real, or somebody else's), a namespace for each test, no leaked tasks."""

import asyncio
import inspect
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from deploy.local import stack
from deploy.local.paths import scratch_dir

if TYPE_CHECKING:
    from tests.running import Hearth


# How long an example takes says something about the machine and what else it does, nothing about what is tested.
settings.register_profile(
    "hearth", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("hearth")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--real`: the engines of production's kind, not the embedded ones."""
    chosen = os.environ.get("HEARTH_TEST_ENGINES") == "real"
    parser.addoption("--real", action="store_true", default=chosen, help="Apache Kafka and the Rust database")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whatever asks for engines is an integration test; what needs the real ones is skipped without them."""
    skip = pytest.mark.skip(reason="needs the real engines: make test-real")
    for item in items:
        if {"engines", "make_engines"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.integration)
        if item.get_closest_marker("real") and not config.getoption("--real"):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def make_engines(request: pytest.FixtureRequest) -> Iterator[Callable[..., stack.Engines]]:
    """`make_engines(sync_on_commit=False, real=None)` starts engines of one's own: for tests that break them.

    They keep their port and data over kill and start; all are gone after the session. real: None = what the session
    was told.
    """
    made: list[stack.Engines] = []
    folder = scratch_dir("test")

    def make(*, sync_on_commit: bool = False, real: bool | None = None) -> stack.Engines:
        real = bool(request.config.getoption("--real")) if real is None else real
        place = folder / str(len(made))
        made.append(stack.on_free_ports(place / "data", place / "log", real=real, sync_on_commit=sync_on_commit))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.kill()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def engines(make_engines: Callable[..., stack.Engines]) -> stack.Engines:
    """The session's broker and database: `.bootstrap`, `.mongo_url`; `.broker`, `.database` start, stop, kill, pause.

    Whoever stops or breaks one of them asks for `make_engines` instead. With pytest-xdist every worker has its own.
    """
    return make_engines()


@pytest.fixture(scope="session")
def hearth(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Hearth]":
    """All services running on the session's engines, as processes with all their doors; shared, so every test
    takes customer ids of its own.
    """
    from tests.running import running  # only those who ask for it pay for its imports

    with running(engines, tmp_path_factory.mktemp("hearth")) as hearth:
        yield hearth


@pytest.fixture
def namespace() -> str:
    """A prefix for topics, groups and databases that no other test uses (`HEARTH_NAMESPACE`)."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture(autouse=True)
def no_leaked_tasks(request: pytest.FixtureRequest) -> None:
    """A coroutine test that leaves a task running fails: in a service such a task would swallow its own errors."""
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("_tasks_end")


@pytest.fixture
async def _tasks_end() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    for _ in range(5):  # what was cancelled in the test's last line needs a few turns to end
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        pytest.fail(f"the test left tasks running: {sorted(str(task.get_coro()) for task in left)}", pytrace=False)
