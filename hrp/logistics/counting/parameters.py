"""What a hospital may set about counting."""

from __future__ import annotations

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

BY_TWO = "logistics.count_by_two"
KEEPER_MAY = "logistics.keeper_may_count"
INTERVALS = {"A": "logistics.count_days_a", "B": "logistics.count_days_b", "C": "logistics.count_days_c"}

SPECS = (
    Spec(BY_TWO, "盘点须由两人各盘一次", "bool", True, "医院内部控制制度，常用做法"),
    Spec(KEEPER_MAY, "库管员可以盘点自己的库房", "bool", False, "《行政事业单位内部控制规范（试行）》：不相容岗位相互分离"),
    Spec(INTERVALS["A"], "A 类物资盘点周期", "integer", 30, "ABC 管理，常用做法", unit="天", least=1, most=366),
    Spec(INTERVALS["B"], "B 类物资盘点周期", "integer", 90, "ABC 管理，常用做法", unit="天", least=1, most=366),
    Spec(INTERVALS["C"], "C 类物资盘点周期", "integer", 180, "ABC 管理，常用做法", unit="天", least=1, most=366),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)
