"""Conditions of campaigns, in CEL (Common Expression Language). The library is young, so nothing else knows it.

Checked when a campaign is drafted: every name has a type, the whole is true or false, its length and depth are bounded. When
it is evaluated, it sees values only: no clock, no input or output; loops are bounded by the library.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel

from services.loyalty.domain.campaign import LONGEST_CONDITION, SAID, ConditionFailed
from services.loyalty.domain.campaign_errors import InvalidCondition

Condition = Callable[[Mapping[str, Any]], bool]

TYPES: Mapping[str, Any] = {
    "points": cel.Type.INT,
    "fact.time": cel.Type.TIMESTAMP,
    "fact.source": cel.Type.STRING,
    "fact.price": cel.Type.INT,
    **{f"fact.{name}": {str: cel.Type.STRING, int: cel.Type.INT}.get(type(SAID[name])) for name in SAID},
    "fact.units_seen": cel.Type.List(cel.Type.STRING),
    "account.tier": cel.Type.STRING,
    "account.active": cel.Type.INT,
    "account.pending": cel.Type.INT,
    "account.held": cel.Type.INT,
    "account.owed": cel.Type.INT,
    "account.qualifying": cel.Type.INT,
}
"""What a condition can ask, and of which type it is; `fact.price` is in whole yuan."""

_ENVIRONMENT = cel.NewEnv(variables=dict(TYPES))


@lru_cache(maxsize=1024)
def compile_condition(text: str) -> Condition:
    """The condition, ready to be evaluated; empty holds always. Raises `InvalidCondition`, which names line and column."""
    if not text.strip():
        return _always
    if len(text) > LONGEST_CONDITION:
        raise InvalidCondition(f"at most {LONGEST_CONDITION} characters", "/condition")
    try:
        expression = _ENVIRONMENT.compile(text)
    except RuntimeError as error:
        raise InvalidCondition(_where(str(error)), "/condition") from None
    if expression.return_type() != cel.Type.BOOL:
        raise InvalidCondition("1:1: it must be true or false", "/condition")

    def holds(values: Mapping[str, Any]) -> bool:
        try:
            found = expression.eval(data={**values, "fact.units_seen": list(values["fact.units_seen"])})
        except RuntimeError:
            raise ConditionFailed("it could not be evaluated") from None
        if found.type() != cel.Type.BOOL:
            raise ConditionFailed("it has no value")
        return bool(found.value())

    return holds


def _always(_values: Mapping[str, Any]) -> bool:
    return True


def _where(message: str) -> str:
    """`1:14: what is wrong there`, of the library's message."""
    first = message.partition("\n")[0].partition(" [")[0]
    _, found, said = first.partition("<input>:")
    return said.partition(" expecting {")[0] if found else first.partition(": ")[2] or first
