"""All services look the same from outside; what differs, differs inside the folders."""

from pathlib import Path

import pytest

from tests.arch.sources import ROOT

SERVICES = {"leads", "profile", "service_tickets", "loyalty"}
FILES = {"README.md", "__init__.py", "__main__.py", "settings.py", "app.py"}
FOLDERS = {"domain", "worker", "timers", "store", "api", "rpc", "tasks", "policy", "migrations"}


def present() -> list[Path]:
    """The folders of the services that are there."""
    return sorted(path for path in (ROOT / "services").glob("*") if path.is_dir() and path.name != "__pycache__")


def entries(service: Path) -> set[str]:
    """What stands in a service's folder, without what Python leaves there."""
    return {path.name for path in service.iterdir() if path.name != "__pycache__"}


def test_the_services_are_the_four() -> None:
    assert {path.name for path in present()} >= SERVICES


@pytest.mark.parametrize("service", present(), ids=lambda path: path.name)
def test_a_service_has_the_layout_of_all(service: Path) -> None:
    assert entries(service) == FILES | FOLDERS


@pytest.mark.parametrize("service", present(), ids=lambda path: path.name)
def test_every_folder_is_a_package_that_says_what_it_is_for(service: Path) -> None:
    silent = [name for name in FOLDERS if not _opens_with_docstring(service / name / "__init__.py")]
    assert not silent


def _opens_with_docstring(path: Path) -> bool:
    return path.exists() and path.read_text().lstrip().startswith('"""')
