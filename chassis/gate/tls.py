"""Certificates of the gRPC door: a directory with `tls.crt`, `tls.key` and `ca.crt`, as cert-manager mounts it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from chassis.seal import is_exposed

NAMES = ("ca.crt", "tls.key", "tls.crt")


class CertificateError(Exception):
    """A file is missing or cannot be used; the message says which, and what to do."""


class Certificates(NamedTuple):
    """PEM: the authority that all services trust, this service's key, and its certificate."""

    authority: bytes
    key: bytes
    chain: bytes


def read_certificates(directory: Path | None) -> Certificates | None:
    """What a directory holds; None if none is set. Raises `CertificateError`."""
    if directory is None:
        return None
    missing = [name for name in NAMES if not (directory / name).is_file()]
    if missing:
        raise CertificateError(f"HEARTH_TLS_DIR: {directory} has no {', '.join(missing)}; it holds {', '.join(NAMES)}")
    found = Certificates(*((directory / name).read_bytes() for name in NAMES))
    wrong = [name for name, text in zip(NAMES, found, strict=True) if b"-----BEGIN " not in text]
    if wrong:
        raise CertificateError(f"HEARTH_TLS_DIR: {', '.join(wrong)} in {directory} is not PEM")
    if is_exposed(directory / "tls.key"):
        raise CertificateError(f"HEARTH_TLS_DIR: tls.key in {directory} can be read by others; set its mode to 0600")
    return found
