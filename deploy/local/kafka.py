"""Apache Kafka itself: KRaft brokers, each its own controller, in one Java process; its jars from Maven's repository."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local import download, ports
from deploy.local.engines import Broker
from deploy.local.errors import LocalError
from deploy.local.process import tail

VERSION = "4.1.1"
LOG4J = "2.25.1"
CLUSTER = "aGVhcnRoLWxvY2FsLWtyYQ"  # any 16 bytes in base64; every local broker is a cluster of its own
WHY = "Apache Kafka needs Java 17 and Maven (on Debian: apt install openjdk-17-jre-headless maven)"

DEPENDENCIES = (
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", LOG4J),
)

SMALL = {
    "controller.quorum.fetch.timeout.ms": 5_000,  # by default it would elect another leader whenever it is slow
    "controller.quorum.election.timeout.ms": 2_000,
    "num.network.threads": 1,
    "num.io.threads": 2,
    "background.threads": 2,
}
"""What one of several brokers on a laptop has besides."""

LOGGING = """\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %m (%c{1})%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
logger.server.name = kafka.server.KafkaRaftServer
logger.server.level = info
"""


def project_file() -> str:
    """A Maven project that depends on the broker and does nothing else."""
    parts = "".join(
        f"<dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version></dependency>"
        for group, artifact, version in DEPENDENCIES
    )
    name = "<groupId>hearth</groupId><artifactId>engines</artifactId><version>1</version><packaging>pom</packaging>"
    head = f"<modelVersion>4.0.0</modelVersion>{name}"
    return f"<project>{head}<dependencies>{parts}</dependencies></project>\n"


def _fetch(folder: Path) -> None:
    maven = download.tool("mvn", WHY)
    (folder / "pom.xml").write_text(project_file())
    goal = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'libs'}"]
    download.build_step([maven, "--batch-mode", "--quiet", *goal], folder, f"kafka-{VERSION}")
    (folder / "libs" / "log4j2.properties").write_text(LOGGING)


def install(say: Callable[[str], None] = print) -> Path:
    """The folder with Kafka's jars, fetched if this machine does not have them. Raises LocalError."""
    download.tool("java", WHY)
    return download.cached(f"kafka-{VERSION}", _fetch, say) / "libs"


class ApacheKafka(Broker):
    """Apache Kafka in KRaft mode: topics survive a restart and are never made by accident.

    `controllers`: node number -> controller port of every member of the cluster; alone it is node 1.
    `detour`, set before the start: a second port to listen on, and the port that clients who come in there are told
    to use (a proxy's).
    """

    name = "kafka"
    deadline = 60.0

    def __init__(
        self, port: int, data: Path, log_dir: Path, *, node: int = 1, controllers: Mapping[int, int] | None = None
    ) -> None:
        if controllers:
            self.name, self.deadline = f"kafka-{node}", 120.0
        super().__init__(port, data, log_dir)
        self.node, self.controllers = node, controllers or {node: ports.free_ports(1)[0]}
        self.detour: tuple[int, int] | None = None

    def command(self) -> Sequence[str]:
        """The broker's own main class."""
        return [*self._java(), "kafka.Kafka", str(self.data / "server.properties")]

    def prepare(self) -> None:
        """Write the settings, and format the storage the first time."""
        install()
        super().prepare()
        (self.data / "server.properties").write_text(self._properties())
        if not (self.data / "log" / "meta.properties").exists():
            self._format()

    def _java(self) -> list[str]:
        libs = install()
        heap = "-Xmx512m" if len(self.controllers) == 1 else "-Xmx384m"
        memory = ["-Xms128m", heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=4", "-Djava.awt.headless=true"]
        return [download.tool("java", WHY), *memory, "-cp", f"{libs}{os.pathsep}{libs}/*"]

    def _format(self) -> None:
        settings = str(self.data / "server.properties")
        command = [
            *self._java(),
            "kafka.tools.StorageTool",
            "format",
            "-t",
            CLUSTER,
            "-c",
            settings,
            "--ignore-formatted",
        ]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
        if done.returncode != 0:
            raise LocalError(
                f"kafka: the storage could not be formatted. The last lines of {self.log}:\n{tail(self.log)}"
            )

    def _listeners(self) -> dict[str, str]:
        controller = f"{ports.LOOPBACK}:{self.controllers[self.node]}"
        listen, tell = {"PLAINTEXT": self.url, "CONTROLLER": controller}, {"PLAINTEXT": self.url}
        if self.detour is not None:
            listen["DETOUR"], tell["DETOUR"] = (f"{ports.LOOPBACK}:{port}" for port in self.detour)
        return {
            "listeners": ",".join(f"{name}://{place}" for name, place in listen.items()),
            "advertised.listeners": ",".join(f"{name}://{place}" for name, place in tell.items()),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in listen),
        }

    def _properties(self) -> str:
        voters = (f"{node}@{ports.LOOPBACK}:{port}" for node, port in self.controllers.items())
        copies = len(self.controllers)
        settings = {
            "process.roles": "broker,controller",
            "node.id": self.node,
            "controller.quorum.voters": ",".join(voters),
            **self._listeners(),
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "log.dirs": self.data / "log",
            "auto.create.topics.enable": "false",
            "unclean.leader.election.enable": "false",
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 4,  # 50 by default, which only makes the start slower
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": min(2, copies),
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            **(SMALL if copies > 1 else {}),
            "broker.session.timeout.ms": 3000,  # how long the controller waits for a killed broker before it may return
            "broker.heartbeat.interval.ms": 500,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,  # fault runs make sessions short
            "log.flush.interval.messages": 9223372036854775807,
            "delete.topic.enable": "true",
        }
        return "".join(f"{key}={value}\n" for key, value in settings.items())
