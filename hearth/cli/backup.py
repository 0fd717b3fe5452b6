"""`hearth backup`, `hearth restore`: all databases of a namespace and the keys, in one file. These two talk to the database."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from hearth.cli import show
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS, database_url

KEYS = {"HEARTH_KEK_FILE": ".hearth/keys/kek", "HEARTH_INDEX_KEY_FILE": ".hearth/keys/index_key"}
File = Annotated[Path, typer.Argument(help="The archive.", show_default=False)]
Words = Annotated[Path, typer.Option(help="A file with the passphrase that seals the keys: at least 12 characters.")]


def backup(file: File, passphrase_file: Words) -> None:
    """Copy all databases and the keys into a new file. Services may run. Without the passphrase the keys stay closed."""
    from chassis.store.seeing.archive import ArchiveError, back_up

    keys = {setting: _read(path) for setting, path in _key_files().items()}
    try:
        made = back_up(database_url(), _prefix(), file, _read(passphrase_file).strip(), keys, datetime.now(UTC))
    except FileExistsError:
        raise CliError(f"{file} exists already: a copy is never written over another one") from None
    except ArchiveError as error:
        file.unlink(missing_ok=True)
        raise CliError(f"{error} ({error.code})") from None
    show.console.print(f"{_summary(made)} in {file}", highlight=False)


def restore(
    file: File,
    passphrase_file: Words,
    force: Annotated[bool, typer.Option("--force", help="Erase what is there first, and replace other keys.")] = False,
) -> None:
    """Put a copy back. Stop all services before; everything is checked before anything is written."""
    from chassis.store.seeing.archive import ArchiveError, put_back

    try:
        made, keys = put_back(database_url(), _prefix(), file, _read(passphrase_file).strip(), force, _accepting(force))
    except ArchiveError as error:
        raise CliError(f"{error} ({error.code})") from None
    for setting, path in _key_files().items():
        _write(path, keys[setting])
    show.console.print(f"{_summary(made)}, copied {made.made_at:%Y-%m-%d %H:%M:%S} UTC, put back", highlight=False)
    tasks = "\n".join(f"  python -m services.{name} task after-restore" for name in DOORS)
    show.console.print(f"before services start:\n{tasks}", highlight=False)


def _accepting(force: bool) -> Callable[[Mapping[str, bytes]], None]:
    """Refuses keys in whose place there are others: what those sealed would be lost."""

    def accept(keys: Mapping[str, bytes]) -> None:
        for setting, path in _key_files().items():
            if not force and path.exists() and path.read_bytes().strip() != keys[setting].strip():
                raise CliError(f"{path} holds another key; move it away, or --force replaces it (other_key)")

    return accept


def _key_files() -> dict[str, Path]:
    return {setting: Path(os.environ.get(setting) or default) for setting, default in KEYS.items()}


def _prefix() -> str:
    namespace = os.environ.get("HEARTH_NAMESPACE")
    return f"{namespace}_hearth_" if namespace else "hearth_"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".restored")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    fresh.rename(path)


def _summary(made: Any) -> str:
    documents = sum(part.documents for part in made.parts.values())
    return f"{documents} documents of {len(made.indexes)} collections, {len(KEYS)} keys"
