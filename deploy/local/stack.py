"""A broker and a database together: embedded, real, or somebody else's."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pymongo import MongoClient

from deploy.local import kafka, ports, rust
from deploy.local.engines import Broker, Database, Engine, Secantus, Tansu
from deploy.local.kafka import ApacheKafka
from deploy.local.rust import SecantusRust


@dataclass
class Engines:
    """Where the broker and the database are; `broker` and `database` are None where they are not ours to start.
    `more`: the other brokers of a cluster. `scans`: the database reads a whole collection for a range of `_id`s.
    """

    bootstrap: str
    mongo_url: str
    broker: Broker | None
    database: Database | None
    more: Sequence[Broker] = ()
    scans: bool = False

    @property
    def own(self) -> list[Engine]:
        """The engines that are ours."""
        return [engine for engine in (self.broker, *self.more, self.database) if engine is not None]

    @property
    def env(self) -> dict[str, str]:
        """The settings every process of Hearth needs to find them."""
        return {"KAFKA_BOOTSTRAP": self.bootstrap, "MONGO_URL": self.mongo_url}

    def borrowed(self) -> "Engines":
        """The same for somebody who neither starts nor stops them."""
        return replace(self, broker=None, database=None, more=())

    def index_ids(self, namespace: str) -> None:
        """Where a range of `_id`s would read a whole collection, an index more serves it: for every collection that is
        there now in the services' databases of this namespace. Elsewhere nothing is made.
        """
        if not self.scans:
            return
        prefix = f"{namespace}_hearth_" if namespace else "hearth_"
        with MongoClient(self.mongo_url) as client:
            for name in client.list_database_names():
                for collection in client[name].list_collection_names() if name.startswith(prefix) else ():
                    client[name][collection].create_index([("_id", 1), ("s", 1)], name="ids")

    def start(self) -> None:
        """Start ours, both at the same time. Raises LocalError, and then nothing is left running."""
        try:
            for engine in self.own:
                engine.spawn()
            for engine in self.own:
                engine.wait()
        except BaseException:
            self.kill()
            raise

    def stop(self, seconds: float = 20) -> None:
        """Stop ours in order, the broker first."""
        for engine in self.own:
            engine.stop(seconds)

    def kill(self) -> None:
        """End ours at once."""
        for engine in self.own:
            engine.kill()


def build(
    data: Path, log_dir: Path, *, real: bool = False, broker_port: int, database_port: int, sync_on_commit: bool = False
) -> Engines:
    """Engines that are not started yet. `KAFKA_BOOTSTRAP` and `MONGO_URL`, where set, are used instead of ours.

    data, log_dir: where they keep theirs. real: Apache Kafka and the Rust database instead of the embedded ones (they
    must be installed: `install_real`). sync_on_commit: the database loses nothing even if the machine fails.
    """
    broker_type, database_type = (ApacheKafka, SecantusRust) if real else (Tansu, Secantus)
    bootstrap, mongo_url = os.environ.get("KAFKA_BOOTSTRAP"), os.environ.get("MONGO_URL")
    broker = None if bootstrap else broker_type(broker_port, data / broker_type.name, log_dir)
    database = (
        None
        if mongo_url
        else database_type(database_port, data / database_type.name, log_dir, sync_on_commit=sync_on_commit)
    )
    return Engines(
        bootstrap=bootstrap or (broker.url if broker else ""),
        mongo_url=mongo_url or (database.url if database else ""),
        broker=broker,
        database=database,
        scans=isinstance(database, Secantus),
    )


def on_free_ports(data: Path, log_dir: Path, *, real: bool = False, sync_on_commit: bool = False) -> Engines:
    """The same on ports nobody uses: for tests, demos and benchmarks."""
    broker_port, database_port = ports.free_ports(2)
    return build(
        data, log_dir, real=real, broker_port=broker_port, database_port=database_port, sync_on_commit=sync_on_commit
    )


def three_brokers(data: Path, log_dir: Path, *, sync_on_commit: bool = False) -> Engines:
    """Three brokers of Apache Kafka as one cluster, and the Rust database, on ports nobody uses."""
    free = ports.free_ports(7)
    controllers = {node: free[2 + node] for node in (1, 2, 3)}
    first, *others = [
        ApacheKafka(port, data / f"kafka-{node}", log_dir, node=node, controllers=controllers)
        for node, port in zip(controllers, free[:3], strict=True)
    ]
    database = SecantusRust(free[6], data / SecantusRust.name, log_dir, sync_on_commit=sync_on_commit)
    bootstrap = ",".join(broker.url for broker in (first, *others))
    return Engines(bootstrap, database.url, first, database, others)


def install_real(say: Callable[[str], None] = print) -> None:
    """Fetch Apache Kafka and build the Rust database, side by side, unless they are cached. Raises LocalError."""
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(kafka.install, say), pool.submit(rust.install, say)]:
            done.result()
