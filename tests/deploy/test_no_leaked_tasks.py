"""The guard against leaked tasks is itself proved: a test that leaks one must fail."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEAK = """
import asyncio

async def test_leaks():
    asyncio.create_task(asyncio.sleep(60))

async def test_tidies_up():
    task = asyncio.create_task(asyncio.sleep(60))
    task.cancel()

def test_without_a_loop():
    pass
"""


def test_a_leaked_task_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(Path(__file__).parents[1].joinpath("conftest.py").read_text())
    pytester.makeini(
        "[pytest]\nasyncio_mode=auto\nasyncio_default_fixture_loop_scope=function\n"
        "markers=\n    real: x\n    integration: x\n"
    )
    pytester.makepyfile(LEAK)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3, errors=1)
