"""How the broker and the database are reached: what is told to each client, what is refused, and in which words."""

import os
import ssl
from pathlib import Path
from typing import Any

import faust
import pytest

from chassis.broker import BrokerSettings
from chassis.seal import is_exposed
from chassis.settings import Settings, SettingsError, read
from chassis.store.connect import connect
from chassis.stream.topics import Topics
from chassis.stream.worker import credentials_of
from deploy.local import identity


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("HEARTH_") or name in ("KAFKA_BOOTSTRAP", "MONGO_URL"):
            monkeypatch.delenv(name)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    folder = identity.certificates(tmp_path)
    identity.write_secret(tmp_path / "password", b"pass, with a comma\n")
    return {name: folder / name for name in ("ca.crt", "tls.crt", "tls.key", "password")}


def test_a_laptop_says_nothing_of_security() -> None:
    settings = read(BrokerSettings)
    assert (settings.security(), settings.tls(), credentials_of(settings)) == ({}, None, None)


def test_sasl_over_tls_is_the_same_for_both_clients(files: dict[str, Path]) -> None:
    known: dict[str, Any] = {"kafka_user": "leads", "kafka_password_file": files["password"]}
    settings = read(BrokerSettings, kafka_security="sasl_ssl", kafka_ca_file=files["ca.crt"], **known)
    assert settings.security() == {
        "security.protocol": "sasl_ssl",
        "ssl.ca.location": str(files["ca.crt"]),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "leads",
        "sasl.password": "pass, with a comma",
    }
    shown = credentials_of(settings)
    assert isinstance(shown, faust.SASLCredentials)
    assert (shown.username, shown.password, shown.mechanism.value) == ("leads", "pass, with a comma", "SCRAM-SHA-512")
    assert shown.protocol.value == "SASL_SSL"
    assert isinstance(shown.ssl_context, ssl.SSLContext)
    assert shown.ssl_context.check_hostname
    Topics("127.0.0.1:1", settings.security())  # librdkafka knows every one of these names, and reads the files


def test_a_client_certificate_is_shown_without_a_user(files: dict[str, Path]) -> None:
    own = {"kafka_cert_file": files["tls.crt"], "kafka_key_file": files["tls.key"], "kafka_ca_file": files["ca.crt"]}
    settings = read(BrokerSettings, kafka_security="ssl", **own)
    assert settings.security()["ssl.key.location"] == str(files["tls.key"])
    assert isinstance(credentials_of(settings), faust.SSLCredentials)
    Topics("127.0.0.1:1", settings.security())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kafka_security": "sasl_ssl"}, "sasl_ssl needs HEARTH_KAFKA_USER and HEARTH_KAFKA_PASSWORD_FILE"),
        ({"kafka_user": "leads"}, "plaintext sends no user"),
        ({"kafka_ca_file": "ca.crt"}, "plaintext uses no certificates"),
        ({"kafka_security": "ssl", "kafka_cert_file": "tls.crt"}, "go together"),
        ({"kafka_security": "ssl", "kafka_ca_file": "nowhere"}, "HEARTH_KAFKA_CA_FILE: .* is no file that can be read"),
        ({"kafka_security": "tls"}, "HEARTH_KAFKA_SECURITY"),
        ({"kafka_mechanism": "GSSAPI"}, "HEARTH_KAFKA_MECHANISM"),
    ],
)
def test_what_does_not_fit_together_is_refused(given: dict[str, str], words: str, files: dict[str, Path]) -> None:
    placed = {name: files.get(value, value) for name, value in given.items()}
    with pytest.raises(SettingsError, match=words):
        read(BrokerSettings, **placed)


def test_a_connection_string_with_a_password_is_a_file(tmp_path: Path) -> None:
    assert read(Settings).database_url == "mongodb://127.0.0.1:27117"
    file = tmp_path / "url"
    file.write_text("mongodb://u:p@db/?tls=true\n")
    assert read(Settings, mongo_url_file=file).database_url == "mongodb://u:p@db/?tls=true"
    with pytest.raises(SettingsError, match=r"HEARTH_MONGO_URL_FILE: .* is no file"):
        read(Settings, mongo_url_file=tmp_path / "gone")


async def test_the_database_is_checked_with_the_authority_given(files: dict[str, Path]) -> None:
    assert read(Settings).database_tls == {}
    told = read(Settings, mongo_tls=True, mongo_ca_file=files["ca.crt"]).database_tls
    assert told == {"tls": True, "tlsCAFile": str(files["ca.crt"])}
    client = connect("mongodb://127.0.0.1:1", **told)  # the driver knows these names, and reads the file
    assert client.options.pool_options._ssl_context is not None
    await client.close()
    with pytest.raises(SettingsError, match="HEARTH_MONGO_CA_FILE needs HEARTH_MONGO_TLS=true"):
        read(Settings, mongo_ca_file=files["ca.crt"])


@pytest.mark.parametrize(
    ("mode", "owner", "exposed"),
    [(0o600, 0, False), (0o640, 0, True), (0o604, 0, True), (0o440, 1, False), (0o444, 1, True), (0o400, 1, False)],
)
def test_a_group_may_read_what_another_owner_gave_it(
    mode: int, owner: int, exposed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kubernetes mounts a secret as root's, readable by the pod's group."""
    file = tmp_path / "key"
    file.touch()
    file.chmod(mode)
    monkeypatch.setattr(os, "geteuid", lambda: file.stat().st_uid + owner)
    assert is_exposed(file) is exposed
