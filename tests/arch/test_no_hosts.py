"""Nothing in the repository names a package registry's host or a path of the machine it was written on."""

import re

import pytest

from tests.arch.sources import ROOT, tracked_files

# Written in pieces, or this very file would be found.
HOSTS = (
    "pypi.org",
    "pythonhosted",
    "crates.io",
    "npmjs.org",
    "npmjs.com",
    "repo1.maven.org",
    "repo.maven.apache",
    "proxy.golang.org",
    "deb.debian.org",
    "simple-index",
)
HOST = re.compile("|".join(re.escape(host) for host in HOSTS))
PATH = re.compile(r"(?<![\w.\-/}$~*>])/(root/|root\b(?!/)|home/\w|Users/\w|work\b|tmp/w\b)")


def findings(text: str) -> list[str]:
    """The lines of a text that name a registry's host or a machine's path."""
    return [f"{number}: {line.strip()[:160]}" for number, line in enumerate(text.splitlines(), 1)
            if HOST.search(line) or PATH.search(line)]  # fmt: skip


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in tracked_files()
        if path.name != "test_no_hosts.py"
        for line in findings(path.read_text(errors="replace"))
    ]
    assert not found


@pytest.mark.parametrize(
    "text", ["https://files.pythonhosted.org/x", "cd /work/main", "/root/.cache", "at /home/ann/x"]
)
def test_what_must_not_be_there_is_found(text: str) -> None:
    assert findings(text)


@pytest.mark.parametrize(
    "text", ["/v1/customers", "services/x/worker", "~/.cache/hearth", "tests/work", "urn:a:/workers"]
)
def test_what_may_be_there_is_not(text: str) -> None:
    assert not findings(text)
