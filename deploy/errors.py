"""The list of errors, `docs/errors.md`, made from the error classes of the contracts, the chassis and every service."""

import importlib
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from chassis.errors import every
from chassis.seeing import errors as seeing
from contracts import errors
from contracts.errors import Refused
from contracts.reference import errors_page

SERVICES = Path(__file__).resolve().parents[1] / "services"


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    sections: dict[str, list[Any]] = {
        "Facts that are not acceptable": refusals_of(errors),
        "Any door": sorted((each for each in every() if each.__module__ != seeing.__name__), key=_code),
        "The admin door": sorted((each for each in every() if each.__module__ == seeing.__name__), key=_code),
    }
    for path in sorted(SERVICES.glob("*/domain/*errors.py")):
        service = path.parts[-3]
        found = refusals_of(importlib.import_module(f"services.{service}.domain.{path.stem}"))
        sections[service] = sorted([*sections.get(service, ()), *found], key=_code)
    return {"docs/errors.md": errors_page({title: classes for title, classes in sections.items() if classes})}


def _code(each: Any) -> str:
    return each.code


def refusals_of(module: ModuleType) -> list[type[Refused]]:
    """The refusals with a code of their own that a module defines, by code."""
    classes = [each for _, each in inspect.getmembers(module, inspect.isclass) if issubclass(each, Refused)]
    named = [each for each in classes if each.__module__ == module.__name__ and "code" in vars(each)]
    return sorted((each for each in named if not each.__subclasses__()), key=lambda each: each.code)
