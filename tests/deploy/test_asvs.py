"""OWASP ASVS 5.0, level 2: every requirement has a row, with a test that exists or a reason; all cryptography is listed."""

import ast
import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.arch.sources import ROOT

ROWS = list(csv.DictReader((ROOT / "docs" / "security" / "asvs.csv").read_text().splitlines()))
INVENTORY = ROOT / "docs" / "security" / "cryptography.md"

LEVELS = {"1": 70, "2": 183}
"""How many requirements ASVS 5.0.0 has of each level."""

CHAPTERS = (27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7)
"""How many of level 1 and 2 each of its 17 chapters has."""

VERDICTS = {"tested", "by design", "not applicable", "operator", "not met"}
USES = re.compile(r"^(cryptography|hashlib|hmac|joserfc|secrets|ssl)(\.|$)")
WEAK = re.compile(r"\b(md5|sha1|ECB|ARC4|TripleDES|random\.choice)\b")

NAMES_ONLY = re.compile(r"usedforsecurity=False|^from hashlib import")


def test_every_requirement_has_one_row() -> None:
    assert Counter(row["level"] for row in ROWS) == LEVELS
    assert len({row["requirement"] for row in ROWS}) == len(ROWS) == 253
    found = Counter(int(row["requirement"][1:].split(".")[0]) for row in ROWS)
    assert tuple(found[chapter] for chapter in range(1, 18)) == CHAPTERS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["requirement"])
def test_each_row_names_tests_that_exist_or_a_reason(row: dict[str, str]) -> None:
    assert row["verdict"] in VERDICTS
    if row["verdict"] == "tested":
        for test in row["evidence"].split():
            file, _, name = test.partition("::")
            assert name in functions(ROOT / file), test
    else:
        assert len(row["evidence"]) >= 7, "a reason is needed"


def functions(file: Path) -> set[str]:
    """The test functions of a file."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, defined)}


def product() -> list[Path]:
    """The modules of the product."""
    return [path for root in ("chassis", "contracts", "hearth", "services") for path in (ROOT / root).rglob("*.py")]


def uses_cryptography(path: Path) -> bool:
    """Whether a module imports something that encrypts, signs or hashes."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return any(USES.match(name) for name in names)


def test_the_inventory_of_cryptography_is_whole() -> None:
    listed = set(re.findall(r"`((?:chassis|services|contracts|hearth)/[\w/]+\.py)`", INVENTORY.read_text()))
    using = {str(path.relative_to(ROOT)) for path in product() if uses_cryptography(path)}
    using -= {name for name in using if name.startswith("hearth/cli/")}  # names of a story's people, made again
    assert len(using) > 8
    assert using - listed == set(), "not in the inventory"
    assert all((ROOT / name).exists() for name in listed)
    lines = [line for path in product() if uses_cryptography(path) for line in path.read_text().splitlines()]
    assert [line for line in lines if WEAK.search(line) and not NAMES_ONLY.search(line)] == []
