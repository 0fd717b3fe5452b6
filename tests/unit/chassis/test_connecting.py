"""The client of a service: what the protocol stands on no URL can change; what an engine needs its URL says."""

from pathlib import Path

import pytest

from chassis.store.connect import connect
from deploy.local.engines import Database, Secantus
from deploy.local.rust import SecantusRust

WEAKER = "mongodb://127.0.0.1:1/?w=1&journal=false&readConcernLevel=local&readPreference=secondary"


async def test_no_url_makes_the_promises_of_a_write_or_a_read_weaker() -> None:
    async with connect(WEAKER) as client:
        assert client.write_concern.document == {"w": "majority", "j": True}
        assert client.read_concern.level == "majority"
        assert client.read_preference.name == "Primary"


@pytest.mark.parametrize(("engine", "retries"), [(Secantus, False), (SecantusRust, True)])
async def test_only_the_embedded_database_is_asked_without_retryable_writes(
    engine: type[Database], retries: bool, tmp_path: Path
) -> None:
    """It looks through half an hour of them at each one; its URL said so, and an argument of the client said otherwise."""
    async with connect(engine(1, tmp_path, tmp_path).url) as client:
        assert client.options.retry_writes is retries
