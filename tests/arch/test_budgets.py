"""Budgets: short functions, short files, a small chassis that knows no business word (DECISIONS, Budgets)."""

import ast
import re
import statistics
from pathlib import Path

import pytest

from tests.arch.sources import CODE, ROOT, python_files

MEDIAN_LINES, P90_LINES, FILE_LINES, CHASSIS_LINES = 8, 22, 300, 6600
BESIDE = {
    1200: ("gate/", "store/audit.py", "store/quotas.py"),
    700: ("webhooks/", "store/webhooks.py"),
    2250: ("seeing/", "store/seeing/"),
}
"""What of the chassis folding never calls, with a budget of its own each: the gate in front of the doors, the webhooks
behind the log (ADR 11), what sees and repairs (ADR 13).
"""
BUSINESS_WORDS = ("lead", "deal", "visit", "ticket", "complaint", "loyalty", "points", "profile", "customer")
# Underscores, digits and a change to upper case end a word, so that names in the code count like prose.
FORBIDDEN = re.compile(rf"(?<![a-z])({'|'.join(BUSINESS_WORDS)}|loyalties)(e?s)?(?![a-z])", re.IGNORECASE)
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def function_lengths(path: Path) -> dict[str, int]:
    """Lines of every function, from `def` to its end; the docstring is free, for explaining must not cost."""
    lengths = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            free = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) and first.end_lineno else 0
            lengths[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = (
                (node.end_lineno or 0) - node.lineno + 1 - free
            )
    return lengths


def business_words(text: str) -> list[str]:
    """The business words in a text, as they stand there."""
    return [found[0] for found in FORBIDDEN.finditer(CAMEL.sub("_", text))]


def test_functions_are_short() -> None:
    lengths = {name: n for path in python_files(*CODE) for name, n in function_lengths(path).items()}
    if len(lengths) < 10:
        return  # percentiles of a handful say nothing
    longest = sorted(lengths, key=lengths.__getitem__, reverse=True)[:15]
    report = "\n".join(f"{lengths[name]:4} {name}" for name in longest)
    assert statistics.median(lengths.values()) <= MEDIAN_LINES, report
    assert statistics.quantiles(lengths.values(), n=10)[-1] <= P90_LINES, report


def test_files_are_short() -> None:
    long = {
        str(p.relative_to(ROOT)): n for p in python_files(*CODE) if (n := len(p.read_text().splitlines())) > FILE_LINES
    }
    assert not long


def test_the_chassis_is_small() -> None:
    chassis = {str(p.relative_to(ROOT / "chassis")): len(p.read_text().splitlines()) for p in python_files("chassis")}
    beside = {most: sum(n for name, n in chassis.items() if name.startswith(parts)) for most, parts in BESIDE.items()}
    assert all(lines <= most for most, lines in beside.items()), beside
    assert sum(chassis.values()) - sum(beside.values()) <= CHASSIS_LINES


def test_the_chassis_knows_no_business_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number} {word}"
        for path in sorted((ROOT / "chassis").rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        for word in business_words(line)
    ]
    assert not found


@pytest.mark.parametrize(
    "text", ["a customer", "Customers", "customer_id", "lead2", "# deals", "VisitCompleted", "onTicket"]
)
def test_business_words_are_found(text: str) -> None:
    assert business_words(text)


@pytest.mark.parametrize("text", ["leading", "ideal", "a point", "revisited", "pointsman", "misleads"])
def test_other_words_are_not(text: str) -> None:
    assert not business_words(text)
