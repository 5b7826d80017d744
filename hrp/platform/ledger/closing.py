"""What modules must have done before a month of the journal closes: a registry they fill in ``ready()``."""

from __future__ import annotations

from collections.abc import Callable

from hrp.platform.base.refusals import Problem
from hrp.platform.base.registry import Registry
from hrp.platform.ledger.models import Period

Condition = Callable[[Period], list[Problem]]
_conditions: Registry[Condition] = Registry("结账条件")


def require(name: str, condition: Condition) -> Condition:
    """``condition(period)`` returns what is not done yet; a period closes only when every answer is empty."""
    return _conditions.register(name, condition)


def unready(period: Period) -> list[Problem]:
    return [problem for condition in _conditions for problem in condition(period)]
