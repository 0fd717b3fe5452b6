"""Sealing bytes at rest (dead letters) with the key-encryption key: AES-256-GCM, a fresh nonce for each."""

from __future__ import annotations

import base64
import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12


class KeyFileError(ValueError):
    """A key file is missing, readable by others, or does not hold 32 bytes in base64."""


class Seal:
    """Seals and opens bytes with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, plain: bytes) -> bytes:
        """The sealed form: nonce, ciphertext and tag."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, plain, None)

    def open(self, sealed: bytes) -> bytes:
        """The plain bytes; raises `cryptography.exceptions.InvalidTag` if the key or the bytes are wrong."""
        return self._cipher.decrypt(sealed[:NONCE], sealed[NONCE:], None)


def is_exposed(path: Path) -> bool:
    """Whether a secret can be read by others than us. A group may read what is not our own: so Kubernetes mounts secrets,
    root's files for the group that only this process is in (`fsGroup`).
    """
    found = path.stat()
    return bool(found.st_mode & 0o007 or (found.st_mode & 0o070 and found.st_uid == os.geteuid()))


def read_key(path: Path) -> bytes:
    """The 32 bytes of a key file (base64, one line, readable by its owner only)."""
    if not path.is_file():
        raise KeyFileError(f"{path} does not exist; `make run` makes keys, production mounts a secret")
    if is_exposed(path):
        raise KeyFileError(f"{path} can be read by others; set its mode to 0600")
    try:
        key = base64.b64decode(path.read_text().strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise KeyFileError(f"{path} must hold 32 bytes in base64")
    return key
