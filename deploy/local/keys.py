"""The two secrets of a local run, made once and kept beside its data."""

import base64
import os
import secrets
from pathlib import Path

NAMES = {"HEARTH_KEK_FILE": "kek", "HEARTH_INDEX_KEY_FILE": "index_key"}


def ensure(folder: Path) -> dict[str, str]:
    """Make the missing key files (32 random bytes in base64, their owner's only); the settings that name them.

    A key that exists is never replaced: what it encrypted would be lost.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in NAMES.values():
        path = folder / name
        if not path.exists():
            fresh = path.with_suffix(".new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            fresh.rename(path)
    return {setting: str(folder / name) for setting, name in NAMES.items()}
