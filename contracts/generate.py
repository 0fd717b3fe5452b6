"""Writes what is made from the catalog: schemas, event reference, AsyncAPI document.

`python -m contracts.generate` writes; with `--check` it writes nothing, names what is stale and ends with 1.
"""

import json
import sys
from pathlib import Path

from contracts import catalog
from contracts.asyncapi import document, to_yaml
from contracts.intake.forms import FORMS
from contracts.intake.reference import intake_section
from contracts.reference import events_page
from contracts.schema import schema_of

ROOT = Path(__file__).parents[1]


def documents() -> dict[str, str]:
    """Every generated file of the contracts: path from the repository's root → text."""
    published = {name: schema_of(entry.struct) for name, entry in catalog.TYPES.items()}
    coming_in = {f"intake/{name}": schema_of(form.struct, "intake") for name, form in FORMS.items()}
    schemas = {
        f"contracts/schemas/{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in (published | coming_in).items()
    }
    return schemas | {
        "docs/events.md": events_page() + intake_section(),
        "docs/asyncapi.yaml": to_yaml(document()),
    }


def stale(root: Path = ROOT) -> list[str]:
    """The paths under `root` that are missing, differ, or are schemas of types that no longer exist."""
    made = documents()
    wrong = [path for path, text in made.items() if not (root / path).exists() or (root / path).read_text() != text]
    present = {str(path.relative_to(root)) for path in (root / "contracts" / "schemas").rglob("*.json")}
    return wrong + sorted(present - made.keys())


def write(root: Path = ROOT) -> None:
    """Write every generated file under `root`."""
    for path, text in documents().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    if "--check" not in arguments:
        write()
        return 0
    wrong = stale()
    sys.stderr.write("".join(f"generate: {path} is stale: run `make generate`\n" for path in wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
