"""Apache Kafka with TLS, users and its own authorizer, a database that asks who it is, and services each with its own user."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)
from pymongo import MongoClient

from deploy import acls, roles
from deploy.local import identity, ports, services
from deploy.local.kafka import ApacheKafka
from deploy.local.process import Process
from deploy.local.rust import SecantusRust
from deploy.local.services import Service
from tests.running import Hearth

SENDERS = "senders"
LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"
MECHANISM = "SCRAM-SHA-512"
ADMIN = "root"


def password(user: str) -> str:
    """The password of a user, of the broker and of the database."""
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
        own = {
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "listener.name.secured.sasl.enabled.mechanisms": MECHANISM,
            "listener.name.secured.scram-sha-512.sasl.jaas.config": f"{LOGIN} required;",
            "listener.name.secured.ssl.keystore.type": "PEM",
            "listener.name.secured.ssl.keystore.location": pem,
        }
        return super()._properties() + "".join(f"{key}={value}\n" for key, value in own.items())

    def admit(self, user: str, rights: Sequence[acls.Right]) -> None:
        """Make a user with a password and these rights."""
        admin = AdminClient({"bootstrap.servers": self.url})
        how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        secret = UserScramCredentialUpsertion(user, how, password(user).encode())
        for made in admin.alter_user_scram_credentials([secret]).values():
            made.result()
        for made in admin.create_acls([binding for each in rights for binding in bindings(user, each)]).values():
            made.result()


def bindings(user: str, right: acls.Right) -> list[AclBinding]:
    """A right in the words of Kafka's administration."""
    what = ResourceType[right.kind.upper()], right.name, ResourcePatternType.LITERAL
    return [
        AclBinding(*what, f"User:{user}", "*", AclOperation[operation.upper()], AclPermissionType.ALLOW)
        for operation in right.operations
    ]


class SecuredDatabase(SecantusRust):
    """The Rust database asking everybody who they are, and keeping them to the roles they have."""

    name = "secured-rust"

    def arguments(self) -> list[str]:
        return [*super().arguments(), "--auth"]

    def url_of(self, user: str) -> str:
        """The connection string of a user."""
        return self.url.replace("mongodb://", f"mongodb://{user}:{password(user)}@")

    def begin(self) -> None:
        """Make the administrator; nobody has to be one for the first user."""
        with MongoClient(self.url) as client:
            client.admin.command("createUser", ADMIN, pwd=password(ADMIN), roles=["root"])

    def admit(self, service: str, namespace: str) -> None:
        """Make the user of a service, with its role."""
        role = roles.role_of(service, namespace)
        with MongoClient(self.url_of(ADMIN)) as client:
            client.admin.command(role)
            client.admin.command("createUser", service, pwd=password(service), roles=[role["createRole"]])


class Guarded(Hearth):
    """Services each of which is a user of its own, at the broker and at the database."""

    def __init__(self, *args: Any, broker: SecuredKafka, database: SecuredDatabase, secrets: Path) -> None:
        super().__init__(*args)
        self.secrets, self.doorkeeper = secrets, database
        self.settings |= {
            "HEARTH_KAFKA_SECURITY": "sasl_ssl",
            "HEARTH_KAFKA_MECHANISM": MECHANISM,
            "HEARTH_KAFKA_CA_FILE": str(broker.certificates / "ca.crt"),
            **self.user(SENDERS),
        }

    def user(self, name: str) -> dict[str, str]:
        """The settings of a user of the broker."""
        file = self.secrets / name
        identity.write_secret(file, password(name).encode())
        return {"HEARTH_KAFKA_USER": name, "HEARTH_KAFKA_PASSWORD_FILE": str(file)}

    def process_of(self, service: Service) -> Process:
        own = {**self.user(service.name), "MONGO_URL": self.doorkeeper.url_of(service.name)}
        return services.process(service, self.role, self.settings | own, self.log_dir)
