"""Reaching the broker: who a process is to it, and how the way there is protected. The same for every client of ours."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class BrokerSettings(BaseSettings):
    """Where the broker is. Security is said in Kafka's own words (`security.protocol`, `sasl.mechanism`)."""

    model_config = SettingsConfigDict(env_prefix="HEARTH_", frozen=True, extra="ignore")

    kafka_bootstrap: str = Field(
        "127.0.0.1:19092",
        validation_alias=AliasChoices("KAFKA_BOOTSTRAP"),
        description="Kafka brokers, host:port[,…]. Environment: KAFKA_BOOTSTRAP.",
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        "plaintext", description="Kafka's security protocol: `plaintext`, `ssl`, `sasl_plaintext` or `sasl_ssl`."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism: `SCRAM-SHA-512`, `SCRAM-SHA-256` or `PLAIN`."
    )
    kafka_user: str = Field("", description="Kafka user; with `sasl_…`.")
    kafka_password_file: Path | None = Field(None, description="File with the user's password; with `sasl_…`.")
    kafka_ca_file: Path | None = Field(
        None, description="Certificates (PEM) that brokers are checked with; with `…ssl`; unset = the system's."
    )
    kafka_cert_file: Path | None = Field(None, description="Client certificate (PEM) shown to brokers; with `…ssl`.")
    kafka_key_file: Path | None = Field(None, description="Its key (PEM, no passphrase).")

    @field_validator("kafka_password_file", "kafka_ca_file", "kafka_cert_file", "kafka_key_file")
    @classmethod
    def _is_a_file(cls, value: Path | None) -> Path | None:
        return present(value)

    @model_validator(mode="after")
    def _consistent(self) -> BrokerSettings:
        sasl, tls = "sasl" in self.kafka_security, "ssl" in self.kafka_security
        named = f"HEARTH_KAFKA_SECURITY={self.kafka_security}"
        if sasl and not (self.kafka_user and self.kafka_password_file):
            raise ValueError(f"{named} needs HEARTH_KAFKA_USER and HEARTH_KAFKA_PASSWORD_FILE")
        if not sasl and (self.kafka_user or self.kafka_password_file):
            raise ValueError(f"{named} sends no user: set sasl_ssl, or unset HEARTH_KAFKA_USER and …_PASSWORD_FILE")
        if not tls and (self.kafka_ca_file or self.kafka_cert_file or self.kafka_key_file):
            raise ValueError(f"{named} uses no certificates: set ssl or sasl_ssl, or unset HEARTH_KAFKA_…_FILE")
        if bool(self.kafka_cert_file) != bool(self.kafka_key_file):
            raise ValueError("HEARTH_KAFKA_CERT_FILE and HEARTH_KAFKA_KEY_FILE go together: set both or none")
        return self

    def password(self) -> str:
        """The password in the file; "" without one."""
        return self.kafka_password_file.read_text("utf-8").strip() if self.kafka_password_file else ""

    def security(self) -> dict[str, str]:
        """What librdkafka is told beside the address; empty where nothing is protected."""
        if self.kafka_security == "plaintext":
            return {}
        told = {
            "security.protocol": self.kafka_security,
            "ssl.ca.location": self.kafka_ca_file,
            "ssl.certificate.location": self.kafka_cert_file,
            "ssl.key.location": self.kafka_key_file,
        }
        if self.kafka_user:
            told |= {"sasl.mechanism": self.kafka_mechanism, "sasl.username": self.kafka_user}
            told |= {"sasl.password": self.password()}
        return {name: str(value) for name, value in told.items() if value is not None}

    def tls(self) -> ssl.SSLContext | None:
        """The same for clients in Python; None where the way is not encrypted."""
        if "ssl" not in self.kafka_security:
            return None
        context = ssl.create_default_context(cafile=self.kafka_ca_file)
        if self.kafka_cert_file is not None:
            context.load_cert_chain(self.kafka_cert_file, self.kafka_key_file)
        return context


def present(path: Path | None) -> Path | None:
    """A path that is set must be a file that can be read; raises ValueError."""
    if path is not None and not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError(f"{path} is no file that can be read here: mount it, or unset the setting")
    return path
