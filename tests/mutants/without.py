"""`python -m tests.mutants.without SERVICE TYPE ROLE`: a service in which the rule of one type does nothing.

With TYPE `-` all rules are as they are; each one writes its name to standard error when it first runs (`ran TYPE`).
"""

import importlib
import sys
from datetime import datetime
from typing import Any

from chassis.fold.model import Effects, Rule
from chassis.main import run


def nothing(state: Any, _fact: Any, _now: datetime, _policy: Any) -> tuple[Any, Effects]:
    """The rule that changes nothing and says nothing."""
    return state, ()


def without(rules: dict[str, Rule], type_: str) -> None:
    """Make the rule of a type do nothing."""
    rules[type_] = rules[type_]._replace(apply=nothing, tie="")


def telling(type_: str, rule: Rule) -> Rule:
    """The rule, with a word when it first runs. Rules that tie entities are not called: they are told of by `tie`."""
    told: list[str] = []

    def apply(state: Any, fact: Any, now: datetime, policy: Any) -> tuple[Any, Effects]:
        if not told:
            told.append(type_)
            print(f"ran {type_}", file=sys.stderr, flush=True)
        return rule.apply(state, fact, now, policy)

    apply.__name__ = rule.name
    return rule._replace(apply=apply)


def main(service: str, type_: str, role: str) -> int:
    """Run the service."""
    rules: dict[str, Rule] = importlib.import_module(f"services.{service}.worker.table").RULES
    if type_ == "-":
        rules.update({name: telling(name, rule) for name, rule in rules.items()})
    else:
        without(rules, type_)
    read_settings = importlib.import_module(f"services.{service}.settings").read_settings
    build = importlib.import_module(f"services.{service}.app").build
    return run(service, read_settings, build, [role])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
