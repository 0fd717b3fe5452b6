"""Engines start, answer on loopback only, survive what they promise to survive, and leave nothing behind."""

import signal
import socket
import struct
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewTopic
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local import stack
from deploy.local.engines import Secantus, Tansu
from deploy.local.errors import LocalError
from deploy.local.ports import answers, free_ports, require_free
from tests.running import until


def listening_addresses(port: int) -> set[str]:
    """The addresses on which this machine listens on a port, from the kernel's own tables."""
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            address, hexport = local.split(":")
            if state == "0A" and int(hexport, 16) == port:
                last = struct.pack("<I", int(address[-8:], 16))
                found.add(socket.inet_ntoa(last))
    return found


@pytest.fixture(scope="module")
def own(make_engines: Callable[..., stack.Engines]) -> stack.Engines:
    return make_engines(sync_on_commit=True)


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's tables of sockets")
def test_they_listen_on_the_loopback_interface_only(own: stack.Engines) -> None:
    for engine in own.own:
        assert listening_addresses(engine.port) == {"127.0.0.1"}


def test_a_database_that_syncs_keeps_what_it_acknowledged_over_a_kill(own: stack.Engines, namespace: str) -> None:
    assert own.database
    with MongoClient(own.mongo_url) as client:
        for round_ in range(3):
            client[namespace].things.insert_one({"_id": round_})
            own.database.kill()
            own.database.start()
            assert client[namespace].things.count_documents({}) == round_ + 1
        client.drop_database(namespace)


def test_a_database_keeps_everything_over_an_orderly_end(
    make_engines: Callable[..., stack.Engines], namespace: str
) -> None:
    engines = make_engines()
    assert engines.database
    with MongoClient(engines.mongo_url) as client:
        client[namespace].things.insert_many({"_id": number} for number in range(1000))
        engines.database.restart()
        assert client[namespace].things.count_documents({}) == 1000


def test_the_broker_comes_back_on_its_port(own: stack.Engines, namespace: str) -> None:
    assert own.broker
    topics = AdminClient({"bootstrap.servers": own.bootstrap, "log_level": 0})
    topics.create_topics([NewTopic(namespace, 4, 1)])[namespace].result()
    own.broker.restart()
    until(
        lambda: namespace in topics.list_topics(timeout=60).topics,
        lambda kept: kept == (not isinstance(own.broker, Tansu)),
        "the embedded one forgets, and everybody must know that; the other one keeps it",
    )


def test_a_paused_database_does_not_answer_until_it_is_resumed(own: stack.Engines) -> None:
    assert own.database
    own.database.pause()
    try:
        with pytest.raises(PyMongoError), MongoClient(own.mongo_url, serverSelectionTimeoutMS=500) as client:
            client.admin.command("ping")
    finally:
        own.database.resume()
    own.database.wait()


def test_a_taken_port_is_said_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        engine = Tansu(other.getsockname()[1], tmp_path, tmp_path)
        with pytest.raises(LocalError, match="HEARTH_PORT_OFFSET"):
            engine.start()


def test_an_engine_that_ends_at_once_shows_the_end_of_its_log(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")

    class Broken(Secantus):
        def prepare(self) -> None:
            """Nothing, so that the program itself meets the file."""

    engine = Broken(free_ports(1)[0], tmp_path / "data", tmp_path)
    with pytest.raises(LocalError, match="The last lines of"):
        engine.start()
    assert not engine.alive


def test_a_database_that_is_asked_to_end_in_the_moment_it_started_ends(tmp_path: Path) -> None:
    """Its own handler of the signal hung, about once in six times, and kept the port for good."""
    for attempt in range(12):
        engine = Secantus(free_ports(1)[0], tmp_path / str(attempt), tmp_path)
        engine.spawn()
        try:
            while engine.alive and not answers(engine.port):
                pass  # the moment is shorter than a look every few milliseconds
            engine.process.send(signal.SIGTERM)
            until(lambda engine=engine: engine.process.exit_code, lambda code: code == 0, "ended in order")
        finally:
            engine.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal")
def test_nothing_outlives_a_runner_that_was_killed(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import os, pathlib, signal, sys
        from deploy.local import stack
        folder = pathlib.Path(sys.argv[1])
        engines = stack.on_free_ports(folder, folder)
        engines.start()
        print(*(engine.port for engine in engines.own), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """)
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False)
    ports = [int(port) for port in done.stdout.split()]
    assert done.returncode == -9
    assert len(ports) == 2
    for port in ports:
        _until_free(port)


def _until_free(port: int) -> None:
    return require_free("engine", port, patience=90)  # a database that was asked to end writes down what it has
