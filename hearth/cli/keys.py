"""`hearth keys FOLDER`: the secrets of an installation, made once. What exists is never replaced."""

import base64
import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from joserfc.jwk import ECKey

from hearth.cli import show
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS

NAMES = {"HEARTH_KEK_FILE": "kek", "HEARTH_INDEX_KEY_FILE": "index_key"}
PUBLIC = "services.jwks"


def keys(folder: Annotated[Path, typer.Argument(help="Where they are put; made with mode 0700.")]) -> None:
    """Make the keys of an installation: `kek`, `index_key`, and what each service signs with. Keep them beside the backups,
    apart from the data: what they seal is lost with them.
    """
    try:
        made = [*ensure(folder).values(), *identities(folder, DOORS)]
    except OSError as error:
        raise CliError(f"{folder}: {error.strerror}; name a folder that can be written") from None
    for path in made:
        show.console.print(str(path), highlight=False)


def ensure(folder: Path) -> dict[str, str]:
    """Make the missing key files (32 random bytes in base64, their owner's only); the settings that name them.

    A key that exists is never replaced: what it encrypted would be lost.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in NAMES.values():
        if not (folder / name).exists():
            write_secret(folder / name, base64.b64encode(secrets.token_bytes(32)) + b"\n")
    return {setting: str(folder / name) for setting, name in NAMES.items()}


def identities(folder: Path, services: Iterable[str]) -> list[str]:
    """The signing key of each service, made where missing, and the file with the public keys of all; their paths."""
    paths = {name: folder / f"{name}.jwk" for name in services}
    for name, path in paths.items():
        if not path.exists():
            write_secret(path, json.dumps(_signing_key(name).as_dict(private=True)).encode())
    known = [ECKey.import_key(json.loads(path.read_text("utf-8"))) for path in paths.values()]
    (folder / PUBLIC).write_text(json.dumps({"keys": [key.as_dict(private=False) for key in known]}))
    return [str(path) for path in (*paths.values(), folder / PUBLIC)]


def _signing_key(service: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": f"{service}/1", "use": "sig"})


def write_secret(path: Path, content: bytes) -> None:
    """A file that only its owner can read, from its first byte on, and that is whole or not there."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.rename(path)
