"""Is a schema still readable by those who know an older one? Added optional fields are fine, most else is not.

`python -m contracts.compatibility OLD` compares `contracts/schemas` with a folder or a git revision OLD, prints every
break and ends with 1 if there is one.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

SCHEMAS = Path(__file__).parent / "schemas"
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")

Schema = Mapping[str, Any]


def breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks a sender or reader that knows `old` when `new` takes its place; empty when nothing does."""
    return list(_compare(old, new, old, new, "$"))


def breaks_of_all(old: Mapping[str, Schema], new: Mapping[str, Schema]) -> list[str]:
    """The same over whole sets of schemas by type name; a type that is gone is a break, a new one is not."""
    found = [f"{name}: removed" for name in sorted(old.keys() - new.keys())]
    for name in sorted(old.keys() & new.keys()):
        found += [f"{name}: {text}" for text in breaks(old[name], new[name])]
    return found


def load_folder(folder: Path) -> dict[str, Schema]:
    """The schemas of a folder by type name; those of a folder in it by `folder/type name`."""
    paths = {path.relative_to(folder): path for path in sorted(folder.rglob("*.json"))}
    return {name.with_suffix("").as_posix(): json.loads(path.read_text("utf-8")) for name, path in paths.items()}


def load_revision(revision: str, repository: Path) -> dict[str, Schema]:
    """The schemas of a git revision, named as by `load_folder`; empty where it has none."""
    folder = "contracts/schemas/"
    listed = _git(repository, "ls-tree", "-r", "--name-only", revision, folder).split()
    return {
        name.removeprefix(folder).removesuffix(".json"): json.loads(_git(repository, "show", f"{revision}:{name}"))
        for name in listed
    }


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    if len(arguments) != 1:
        sys.stdout.write(__doc__ or "")
        return 2
    folder = Path(arguments[0])
    old = load_folder(folder) if folder.is_dir() else load_revision(arguments[0], SCHEMAS.parent.parent)
    found = breaks_of_all(old, load_folder(SCHEMAS))
    sys.stdout.write(("\n".join(found) or f"{len(old)} schemas compared, none broken") + "\n")
    return 1 if found else 0


def _compare(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    if "anyOf" in old or "anyOf" in new:
        yield from _compare_choices(old, new, old_root, new_root, path)
        return
    if old.get("type") != new.get("type"):
        yield f"{path}: type {old.get('type')} became {new.get('type')}"
        return
    yield from _compare_limits(old, new, path)
    yield from _compare_members(old, new, old_root, new_root, path)


def _compare_choices(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    olds, news = old.get("anyOf", [old]), new.get("anyOf", [new])
    for choice in olds:
        if all(list(_compare(choice, other, old_root, new_root, path)) for other in news):
            yield f"{path}: {_resolve(choice, old_root).get('type', 'a choice')} is no longer allowed as it was"


def _compare_limits(old: Schema, new: Schema, path: str) -> Iterator[str]:
    for name in LOWER_BOUNDS:
        if new.get(name, float("-inf")) > old.get(name, float("-inf")):
            yield f"{path}: {name} was tightened"
    for name in UPPER_BOUNDS:
        if new.get(name, float("inf")) < old.get(name, float("inf")):
            yield f"{path}: {name} was tightened"
    if new.get("pattern") not in (None, old.get("pattern")):
        yield f"{path}: pattern was changed"
    if new.get("format") not in (None, old.get("format")):
        yield f"{path}: format was changed"
    if "enum" in new and not set(old.get("enum", [None])) <= set(new["enum"]):
        yield f"{path}: allowed values were removed"


def _compare_members(old: Schema, new: Schema, old_root: Schema, new_root: Schema, path: str) -> Iterator[str]:
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{path}.{name}: is now required"
    old_fields, new_fields = old.get("properties", {}), new.get("properties", {})
    for name, field in old_fields.items():
        if name not in new_fields:
            yield f"{path}.{name}: removed or renamed"
        else:
            yield from _compare(field, new_fields[name], old_root, new_root, f"{path}.{name}")
    if "items" in old and isinstance(new.get("items"), Mapping):
        yield from _compare(old["items"], new["items"], old_root, new_root, f"{path}[]")
    for place, (before, after) in enumerate(zip(old.get("prefixItems", ()), new.get("prefixItems", ()), strict=False)):
        yield from _compare(before, after, old_root, new_root, f"{path}[{place}]")


def _resolve(schema: Schema, root: Schema) -> Schema:
    reference = schema.get("$ref")
    return root["$defs"][reference.rpartition("/")[2]] if reference else schema


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
