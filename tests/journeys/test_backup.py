"""A copy of running services is put back into an empty database: the same answers, and services that go on."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local import stack
from tests.journeys import intake
from tests.running import Hearth, running

WORDS = "correct horse battery"


@pytest.fixture(scope="module")
def hearth(engines: stack.Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    """Services of this module's own: they are stopped, and started on what was put back."""
    with running(engines, tmp_path_factory.mktemp("backup")) as hearth:
        yield hearth


def everything(hearth: Hearth) -> dict[str, list[Any]]:
    """Every document of a namespace, by collection, and its indexes."""
    found: dict[str, list[Any]] = {}
    with MongoClient(hearth.engines.mongo_url) as client:
        for name in client.list_database_names():
            if name.startswith(f"{hearth.namespace}_hearth_"):
                for collection in client[name].list_collection_names():
                    of = client[name][collection]
                    found[f"{name}/{collection}"] = sorted(of.find(), key=lambda document: str(document["_id"]))
                    found[f"{name}/{collection} indexes"] = sorted(of.index_information())
    return found


def erase(hearth: Hearth) -> None:
    with MongoClient(hearth.engines.mongo_url) as client:
        for name in client.list_database_names():
            if name.startswith(f"{hearth.namespace}_hearth_"):
                client.drop_database(name)


def test_a_copy_is_put_back_and_goes_on(hearth: Hearth, tmp_path: Path) -> None:
    customer = intake.post(hearth, intake.visit())
    before = hearth.eventually(customer, active=50)
    words, file = tmp_path / "words", tmp_path / "copy.tar"
    words.write_text(WORDS + "\n")
    given = (str(file), "--passphrase-file", str(words))
    live = hearth.cli("backup", *given)
    assert live.returncode == 0, live.stderr
    assert "exists already" in hearth.cli("backup", *given).stderr
    assert "target_not_empty" in hearth.cli("restore", *given).stderr

    hearth.stop()
    hearth.running.clear()
    file.unlink()
    assert hearth.cli("backup", *given).returncode == 0
    copied, key = everything(hearth), Path(hearth.settings["HEARTH_KEK_FILE"])
    raw = file.read_bytes()
    assert key.read_bytes().strip() not in raw
    assert file.stat().st_mode & 0o077 == 0

    erase(hearth)
    held = key.read_bytes()
    key.write_text("of another Hearth")
    words.write_text("another passphrase")
    assert "passphrase_wrong" in hearth.cli("restore", *given).stderr
    words.write_text(WORDS)
    damaged(file, tmp_path / "damaged.tar")
    refused = hearth.cli("restore", str(tmp_path / "damaged.tar"), "--passphrase-file", str(words))
    assert "part_damaged" in refused.stderr
    assert everything(hearth) == {}, "nothing is written of a copy that is not whole"

    assert "other_key" in hearth.cli("restore", *given).stderr
    assert everything(hearth) == {}
    key.unlink()

    done = hearth.cli("restore", *given)
    assert done.returncode == 0, done.stderr
    assert "after-restore" in done.stdout
    assert everything(hearth) == copied
    assert (key.read_bytes(), key.stat().st_mode & 0o777) == (held, 0o600)
    assert hearth.cli("restore", *given, "--force").returncode == 0
    assert everything(hearth) == copied

    for service in hearth.services:
        command = [sys.executable, "-m", f"services.{service.name}", "task", "after-restore"]
        subprocess.run(command, env=hearth.settings, check=True, capture_output=True, timeout=180)
    hearth.start()
    assert hearth.account(customer) == before
    other = intake.post(hearth, intake.visit())
    hearth.eventually(other, active=50)


def damaged(whole: Path, other: Path) -> None:
    """A copy of an archive in which one byte of a document is another one."""
    with tarfile.open(whole) as tar:
        part = next(member for member in tar if member.name.startswith("loyalty/accounts.chain") and member.size)
        at = part.offset_data + part.size // 2
    content = bytearray(whole.read_bytes())
    content[at] ^= 1
    other.write_bytes(content)


def test_a_short_passphrase_is_refused(hearth: Hearth, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("short")
    done = hearth.cli("backup", str(tmp_path / "copy.tar"), "--passphrase-file", str(tmp_path / "words"))
    assert "passphrase_short" in done.stderr
    assert not (tmp_path / "copy.tar").exists()
