"""Which ways of valuing an issue exist, and when one may be left for another.

《政府会计准则第1号——存货》 knows three: first in first out, weighted average (here moving or at month's end) and
specific identification. Others (LIFO, standard cost) cannot be configured at all (STK-17).
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from hrp.platform.base.refusals import Conflict, Invalid


class CostMethod(StrEnum):
    MOVING_AVERAGE = "moving_average"  # 移动加权平均
    MONTH_AVERAGE = "month_average"  # 月末一次加权平均
    FIFO = "fifo"  # 先进先出
    BATCH = "batch"  # 个别计价（批次实际成本）


def cost_method(name: str) -> CostMethod:
    """The method of that name; refuses (``method_not_allowed``) what the standard does not know."""
    try:
        return CostMethod(name)
    except ValueError:
        raise Invalid(
            f"计价方法“{name}”不允许使用",
            code="method_not_allowed",
            way_out="存货发出只能按先进先出法、加权平均法（移动或月末一次）或个别计价法计价。",
        ) from None


def require_changeable(old: CostMethod, new: CostMethod, *, on: dt.date, year_starts: dt.date) -> None:
    """The same method holds throughout a fiscal year; refuses (``method_locked``) a change on any but its first day."""
    if old != new and on != year_starts:
        raise Conflict(
            f"计价方法在会计年度内不得变更（{on:%Y-%m-%d} 不是年度首日 {year_starts:%Y-%m-%d}）",
            code="method_locked",
            way_out="请在下一会计年度的第一天变更。",
        )
