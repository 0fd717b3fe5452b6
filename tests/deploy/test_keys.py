"""`hearth keys`: made once, private, and what the services can start with."""

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chassis.gate.services import identity_of
from chassis.seal import read_key
from hearth.cli.commands import app
from hearth.cli.errors import CliError


def test_keys_are_made_once_and_the_services_accept_them(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    first = CliRunner().invoke(app, ["keys", str(folder)], catch_exceptions=False)
    assert len(first.output.replace("\n/", "\0/").split("\0")) == 7
    contents = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(read_key(folder / "kek")) == len(read_key(folder / "index_key")) == 32
    for service in ("profile", "leads", "loyalty", "service_tickets"):
        identity_of(service, folder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir() if path.name != "services.jwks"}
    assert modes == {0o600}
    CliRunner().invoke(app, ["keys", str(folder)], catch_exceptions=False)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == contents


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CliError, match="name a folder"):
        CliRunner().invoke(app, ["keys", str(tmp_path / "file" / "x")], catch_exceptions=False)
