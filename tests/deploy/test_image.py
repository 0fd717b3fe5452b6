"""The image and compose.yaml, as far as they can be judged without building: commands, settings, order, what gets in."""

import importlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from chassis.main import ROLES
from chassis.settings import Settings, environment_name
from contracts.catalog import ALL
from deploy import image
from deploy.local.paths import ROOT
from services.profile.settings import ProfileSettings

DOCKERFILE = image.DOCKERFILE.read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(image.COMPOSE.read_text())


def settings_known() -> set[str]:
    models: tuple[type[BaseSettings], ...] = (Settings, ProfileSettings)
    return {environment_name(model, name) for model in models for name in model.model_fields}


def test_every_command_of_compose_is_one_of_ours() -> None:
    for name, service in image.compose_services().items():
        module, *arguments = service["command"]
        if module == "hearth.cli":
            commands = importlib.import_module("hearth.cli.commands").app.registered_commands
            assert arguments[0] in {command.name for command in commands}, name
        else:
            assert (module.partition(".")[2] in ALL, arguments[0] in (*ROLES, "migrate")) == (True, True), name


def test_compose_sets_only_what_is_known_and_stays_on_loopback() -> None:
    for name, service in image.compose_services().items():
        assert set(service["environment"]) <= settings_known(), name
        assert service["network_mode"] == "host"
        assert "HEARTH_BIND" not in service["environment"], "without authentication nothing may listen elsewhere"
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])
        assert "no-new-privileges:true" in service["security_opt"]
    assert "127.0.0.1" in COMPOSE["services"]["database"]["command"]
    assert COMPOSE["services"]["broker"]["environment"]["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_no_service_starts_before_all_have_migrated() -> None:
    migrations = {name for name in COMPOSE["services"] if name.startswith("migrate-")}
    assert {name.removeprefix("migrate-").replace("-", "_") for name in migrations} == set(ALL)
    for name, service in COMPOSE["services"].items():
        if service.get("command", [""])[-1] == "all":
            waits = service["depends_on"]
            assert set(waits) == migrations, name
            assert {each["condition"] for each in waits.values()} == {"service_completed_successfully"}
            assert service["healthcheck"]["test"][:5] == ["CMD", "python", "-m", "hearth.cli", "ready"]
    for name in migrations:
        assert {"broker", "database", "keys"} <= set(COMPOSE["services"][name]["depends_on"])


def copied() -> Iterator[str]:
    for line in DOCKERFILE.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            yield from line.split()[1:-1]


def test_what_is_copied_is_let_into_the_build_and_nothing_else_is() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert allowed == set(copied())
    assert not any(name.startswith((".", "tests", "deploy")) for name in allowed)


def test_the_image_installs_what_is_pinned_and_runs_as_nobody() -> None:
    assert "requirements/run.txt" in copied()
    assert "--require-hashes" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE
    assert DOCKERFILE.rstrip().endswith('ENTRYPOINT ["python", "-m"]')
    user = next(line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("USER "))
    assert int(user.partition(":")[0]) >= 10_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The root of an image that is as it must be."""
    packages = tmp_path / "opt/hearth/venv/lib/python3.11/site-packages"
    for made in (packages / "pyyaml-6.0.dist-info", tmp_path / "opt/hearth/app", tmp_path / "usr", tmp_path / "etc"):
        made.mkdir(parents=True)
    (tmp_path / "opt/hearth/sbom.cdx.json").write_text(json.dumps({"components": [{"name": "PyYAML"}]}))
    return tmp_path


RIGHT = {"User": "10001:10001", "Entrypoint": ["python", "-m"]}


def test_an_image_that_is_right_has_no_complaints(root: Path) -> None:
    assert image.complaints(RIGHT, root) == []


def test_each_thing_that_is_wrong_with_an_image_is_named(root: Path) -> None:
    (root / "opt/hearth/app/tests").mkdir()
    (root / "usr/open").touch()
    (root / "usr/open").chmod(0o666)
    (root / "opt/hearth/venv/lib/python3.11/site-packages/stray-1.0.dist-info").mkdir()
    told = image.complaints(
        {"User": "0", "Entrypoint": ["sh"]} if os.geteuid() else {"User": "", "Entrypoint": ["sh"]}, root
    )
    said = "\n".join(told)
    for words in (
        "USER is",
        "ENTRYPOINT is",
        "/opt/hearth/app/tests is in the image",
        "/usr/open can be written",
        "stray is",
    ):
        assert words in said
