"""Settings of a process: read once from the environment, all wrong ones reported at once, frozen afterwards."""

from __future__ import annotations

import ipaddress
import zoneinfo
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings

from chassis.broker import BrokerSettings, present
from chassis.clock import Clock, ClockError

S = TypeVar("S", bound=BaseSettings)


class SettingsError(Exception):
    """Settings are wrong; the message names each with what to do."""


class Settings(BrokerSettings):
    """What every service is started with. `HEARTH_…` unless said otherwise."""

    mongo_url: str = Field(
        "mongodb://127.0.0.1:27117",
        validation_alias=AliasChoices("MONGO_URL"),
        description="MongoDB connection string. Environment: MONGO_URL.",
    )
    mongo_url_file: Path | None = Field(
        None, description="File with the connection string, in place of MONGO_URL: it holds a password."
    )
    mongo_tls: bool = Field(False, description="Reach the database by TLS, and check its certificate and name.")
    mongo_ca_file: Path | None = Field(
        None, description="Certificates (PEM) that the database is checked with; unset = the system's."
    )
    namespace: str = Field(
        "",
        pattern=r"^[a-z0-9_-]{0,40}$",
        description="Prefix of topics, consumer groups and databases; tests use one each.",
    )
    bind: str = Field("127.0.0.1", description="Address all doors listen on.")
    http_port: int = Field(0, ge=0, le=65535, description="HTTP port; 0 = the service's own default plus the offset.")
    grpc_port: int = Field(0, ge=0, le=65535, description="gRPC port; 0 = the service's own default plus the offset.")
    admin_port: int = Field(0, ge=0, le=65535, description="Admin port; 0 = the service's own default plus the offset.")
    port_offset: int = Field(0, ge=0, le=50000, description="Added to every default port.")
    auth: Literal["none", "oidc"] = Field("none", description="`none` starts only while every listener is loopback.")
    oidc_issuer: str = Field("", description="URL of the issuer of tokens, exactly as in their `iss`; with `oidc`.")
    oidc_audience: str = Field("hearth", description="What tokens must name as their audience (`aud`).")
    oidc_jwks_url: str = Field("", description="Where the issuer's keys are; empty = by its discovery document.")
    trusted_proxies: str = Field(
        "", description="Proxies whose X-Forwarded-For is believed: addresses or networks, a,b; unset = nobody's."
    )
    requests_per_second: float = Field(
        200.0,
        ge=0,
        description="Requests of one caller that one process answers for ever; twice that at once; 0 = any.",
    )
    identity_dir: Path | None = Field(
        None,
        description="With `oidc`: `<service>.jwk`, what this service signs with, and `services.jwks`, all public keys.",
    )
    tls_dir: Path | None = Field(
        None, description="`tls.crt`, `tls.key`, `ca.crt`: the gRPC doors then speak mutual TLS only."
    )
    kek_file: Path = Field(Path(".hearth/keys/kek"), description="Key-encryption key: 32 bytes, base64, mode 0600.")
    index_key_file: Path = Field(
        Path(".hearth/keys/index_key"), description="Key of blind indexes: 32 bytes, base64, 0600."
    )
    policy_dir: Path | None = Field(None, description="Directory of policy files; unset = those shipped.")
    timezone: str = Field("Asia/Shanghai", description="Zone of calendars, weeks and month ends (IANA name).")
    clock: str = Field(
        "real", description="`real`, an RFC 3339 instant (stands, moved by the admin port), or `<instant>x<rate>`."
    )
    data_dir: Path = Field(Path(".hearth"), description="Local data and logs.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level logged.")
    log_format: Literal["json", "text"] = Field("json", description="One JSON object a line, or text.")
    topics: Literal["create", "expect"] = Field(
        "create", description="Whether `migrate` creates topics, or fails while any is not there (made by others)."
    )
    replication: int = Field(1, ge=1, le=7, description="Replication factor of topics that `migrate` creates.")
    partitions: Literal["local", "production"] = Field("local", description="Which partition counts of the catalog.")
    session_timeout: float = Field(
        6.0, ge=1, le=120, description="Seconds after which a silent worker loses its partitions."
    )
    otlp_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^/\s]+[^\s]*)?$",
        description="Where traces are exported to (OTLP over HTTP, without `/v1/traces`); unset = none are made.",
    )
    trace_ratio: float = Field(1.0, ge=0, le=1, description="Share of the traces begun here that are exported.")
    reflection: bool = Field(True, description="gRPC server reflection.")

    @field_validator("mongo_url_file", "mongo_ca_file")
    @classmethod
    def _is_there(cls, value: Path | None) -> Path | None:
        return present(value)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zoneinfo.ZoneInfo(value)
        except (KeyError, ValueError, zoneinfo.ZoneInfoNotFoundError):
            raise ValueError("not an IANA time zone, for example Asia/Shanghai") from None
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _known_proxies(cls, value: str) -> str:
        try:
            _ = [ipaddress.ip_network(each.strip()) for each in value.split(",") if value]
        except ValueError as error:
            raise ValueError(f"{error}: say addresses or networks, for example 10.0.0.7,10.1.0.0/16") from None
        return value

    @field_validator("clock")
    @classmethod
    def _known_clock(cls, value: str) -> str:
        try:
            Clock(value)
        except ClockError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _safe(self) -> Settings:
        if self.mongo_ca_file and not self.mongo_tls:
            raise ValueError("HEARTH_MONGO_CA_FILE needs HEARTH_MONGO_TLS=true: without TLS there is nothing to check")
        if self.auth == "none" and not is_loopback(self.bind):
            raise ValueError("HEARTH_AUTH=none starts only on loopback: set HEARTH_BIND=127.0.0.1 or HEARTH_AUTH=oidc")
        if self.auth == "oidc":
            if self.clock != "real":
                raise ValueError("HEARTH_CLOCK can only be `real` with HEARTH_AUTH=oidc")
            if not self.oidc_issuer:
                raise ValueError("HEARTH_AUTH=oidc needs HEARTH_OIDC_ISSUER, the URL of the issuer of tokens")
        return self

    @property
    def database_url(self) -> str:
        """The connection string, out of its file where there is one."""
        file = self.mongo_url_file
        return self.mongo_url if file is None else file.read_text("utf-8").strip()

    @property
    def database_tls(self) -> dict[str, Any]:
        """What the driver is told of TLS, beside what the connection string says."""
        if not self.mongo_tls:
            return {}
        return {"tls": True} | ({"tlsCAFile": str(self.mongo_ca_file)} if self.mongo_ca_file else {})

    def named(self, name: str) -> str:
        """A topic, group or database name with this namespace in front."""
        return f"{self.namespace}.{name}" if self.namespace else name


def is_loopback(address: str) -> bool:
    """True for 127.0.0.0/8, ::1 and localhost."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def read(model: type[S], **given: Any) -> S:
    """Read settings from the environment (and `given`); raises `SettingsError` naming everything that is wrong."""
    try:
        return model(**given)
    except ValidationError as error:
        lines = [_line(model, problem) for problem in error.errors()]
        raise SettingsError("wrong settings:\n" + "\n".join(lines)) from None


def _line(model: type[BaseSettings], problem: Any) -> str:
    name = str(problem["loc"][0]) if problem["loc"] else ""
    environment = environment_name(model, name) if name else ""
    return f"  {environment}{': ' if environment else ''}{problem['msg'].removeprefix('Value error, ')}"


def environment_name(model: type[BaseSettings], field: str) -> str:
    """The environment variable of a setting."""
    found = model.model_fields.get(field)
    alias = found.validation_alias if found is not None else None
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return field if field.isupper() else f"HEARTH_{field.upper()}"
