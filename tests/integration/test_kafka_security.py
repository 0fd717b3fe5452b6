"""Apache Kafka with TLS, users and its own authorizer: each service does all its work with its rights, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from contracts.catalog import ALL, TOPICS
from contracts.topics import named
from deploy import acls
from deploy.local import identity, ports, services, stack
from deploy.local.kafka import ApacheKafka
from deploy.local.process import Process
from deploy.local.services import Service
from hearth.cli.story import BEGIN
from tests.running import Hearth

pytestmark = [pytest.mark.integration, pytest.mark.real]

SENDERS = "senders"
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"


def password(user: str) -> str:
    return f"{user}-secret"


class SecuredKafka(ApacheKafka):
    """With a second listener, for users by TLS; whoever comes to the first one, on loopback, is the administrator."""

    def __init__(self, port: int, data: Path, log_dir: Path, certificates: Path) -> None:
        super().__init__(port, data, log_dir)
        self.secured, self.certificates = ports.free_ports(1)[0], certificates

    def _listeners(self) -> dict[str, str]:
        place = f"SECURED://127.0.0.1:{self.secured}"
        known = super()._listeners()
        return {
            "listeners": f"{known['listeners']},{place}",
            "advertised.listeners": f"{known['advertised.listeners']},{place}",
            "listener.security.protocol.map": f"{known['listener.security.protocol.map']},SECURED:SASL_SSL",
        }

    def _properties(self) -> str:
        pem = self.data / "broker.pem"
        pem.write_bytes((self.certificates / "tls.key").read_bytes() + (self.certificates / "tls.crt").read_bytes())
        users = " ".join(f'user_{user}="{password(user)}"' for user in (*ALL, SENDERS))
        own = {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "listener.name.secured.sasl.enabled.mechanisms": "PLAIN",
            "listener.name.secured.plain.sasl.jaas.config": f"{LOGIN} required {users};",
            "listener.name.secured.ssl.keystore.type": "PEM",
            "listener.name.secured.ssl.keystore.location": pem,
        }
        return super()._properties() + "".join(f"{key}={value}\n" for key, value in own.items())


class Guarded(Hearth):
    """Services each of which is a user of its own."""

    def __init__(self, *args: Any, certificates: Path, secrets: Path) -> None:
        super().__init__(*args)
        self.secrets = secrets
        self.settings |= {
            "HEARTH_KAFKA_SECURITY": "sasl_ssl",
            "HEARTH_KAFKA_MECHANISM": "PLAIN",
            "HEARTH_KAFKA_CA_FILE": str(certificates / "ca.crt"),
            **self.user(SENDERS),
        }

    def user(self, name: str) -> dict[str, str]:
        file = self.secrets / name
        identity.write_secret(file, password(name).encode())
        return {"HEARTH_KAFKA_USER": name, "HEARTH_KAFKA_PASSWORD_FILE": str(file)}

    def process_of(self, service: Service, role: str = "") -> Process:
        return services.process(service, role or self.role, self.settings | self.user(service.name), self.log_dir)

    def _migrate(self) -> None:
        for service in self.services:
            process = self.process_of(service, "migrate")
            process.spawn()
            process.wait_until(lambda process=process: not process.alive, 60)
            assert process.exit_code == 0, process.report()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("secured")


@pytest.fixture(scope="module")
def broker(place: Path) -> Iterator[SecuredKafka]:
    certificates = identity.certificates(place / "certificates")
    broker = SecuredKafka(ports.free_ports(1)[0], place / "kafka", place / "log", certificates)
    broker.spawn()
    broker.wait()
    yield broker
    broker.kill()


@pytest.fixture(scope="module")
def guarded(engines: stack.Engines, broker: SecuredKafka, place: Path) -> Iterator[Guarded]:
    theirs = stack.Engines(f"127.0.0.1:{broker.secured}", engines.mongo_url, None, None)
    hearth = Guarded(
        theirs,
        place / "hearth",
        "all",
        {"HEARTH_CLOCK": BEGIN},
        certificates=broker.certificates,
        secrets=place / "certificates",
    )
    grant(broker, SENDERS, acls.rights_of_senders(hearth.namespace))
    for service in ALL:
        grant(broker, service, acls.rights_of(service, hearth.namespace, creates=True))
    try:
        hearth.start()
        yield hearth
    finally:
        hearth.stop()


def grant(broker: SecuredKafka, user: str, rights: list[acls.Right]) -> None:
    bindings = [
        AclBinding(
            *(ResourceType[each.kind.upper()], each.name, ResourcePatternType.LITERAL, f"User:{user}", "*"),
            *(AclOperation[operation.upper()], AclPermissionType.ALLOW),
        )
        for each in rights
        for operation in each.operations
    ]
    admin = AdminClient({"bootstrap.servers": broker.url})
    for made in admin.create_acls(bindings).values():
        made.result()


def test_every_service_does_its_work_with_its_own_rights(guarded: Guarded) -> None:
    checked = guarded.cli("story", "check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for service in ALL:
        found = guarded.admin(service, "/v1/checks").body["findings"]
        assert {each["code"] for each in found} <= {"clock_moved"}, found


@pytest.mark.parametrize("user", [*ALL, SENDERS])
def test_nobody_writes_where_they_have_no_right(guarded: Guarded, broker: SecuredKafka, user: str) -> None:
    rights = acls.rights_of_senders() if user == SENDERS else acls.rights_of(user)
    allowed = {each.name for each in rights if "Write" in each.operations}
    refused = {name: written(guarded, broker, user, name) for name in TOPICS if name not in allowed}
    assert len(refused) >= 3
    assert set(refused.values()) == {KafkaError.TOPIC_AUTHORIZATION_FAILED}, refused


def written(guarded: Guarded, broker: SecuredKafka, user: str, topic: str) -> int:
    """The error's code with which a record is refused; 0 if it is taken."""
    codes: list[int] = []
    producer = Producer(settings_of(guarded, broker, user, password(user)))
    producer.produce(
        named(topic, guarded.namespace), b"x", on_delivery=lambda error, _: codes.append(error.code() if error else 0)
    )
    assert producer.flush(20) == 0
    return codes[0]


def settings_of(guarded: Guarded, broker: SecuredKafka, user: str, secret: str) -> dict[str, Any]:
    return {
        "bootstrap.servers": f"127.0.0.1:{broker.secured}",
        "security.protocol": "sasl_ssl",
        "ssl.ca.location": guarded.settings["HEARTH_KAFKA_CA_FILE"],
        "sasl.mechanism": "PLAIN",
        "sasl.username": user,
        "sasl.password": secret,
        "log_level": 0,
    }


def test_a_wrong_password_and_an_unknown_authority_are_refused(guarded: Guarded, broker: SecuredKafka) -> None:
    right = settings_of(guarded, broker, "leads", password("leads"))
    assert AdminClient(right).list_topics(timeout=10).topics
    for wrong in ({"sasl.password": "guessed"}, {"ssl.ca.location": "/etc/ssl/certs/ca-certificates.crt"}):
        with pytest.raises(KafkaException):
            AdminClient(right | wrong).list_topics(timeout=5)
