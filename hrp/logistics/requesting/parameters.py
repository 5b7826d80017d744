"""What a hospital may set about requesting."""

from __future__ import annotations

from decimal import Decimal

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

QUOTA_CONTROL = "logistics.quota_control"
DEFAULT_LEVEL = "logistics.default_use_level"
FIRST_SHARE = "logistics.durable_first_share"
TWO_PICK = "logistics.pick_checked_by_another"

SPECS = (
    Spec(
        QUOTA_CONTROL, "科室定额控制", "choice", "soft", "医院内部管理规定，无统一要求",
        choices=(("hard", "超定额不能申领"), ("soft", "超定额须写明原因"), ("off", "不控制")),
    ),
    Spec(
        DEFAULT_LEVEL, "未授权科室可领的最高使用级别", "choice", "1",
        "《医疗机构医用耗材管理办法（试行）》：耗材按临床使用风险分三级管理；未授权科室的缺省级别由医院定",
        choices=(("1", "Ⅰ级"), ("2", "Ⅱ级"), ("3", "Ⅲ级")),
    ),
    Spec(
        FIRST_SHARE, "低值易耗品领用时摊销的比例", "decimal", Decimal("0.5"),
        "《政府会计准则第1号——存货》：低值易耗品采用一次转销法（1）或五五摊销法（0.5）",
        least=0, most=1, help="0.5 为五五摊销，1 为一次转销",
    ),
    Spec(
        TWO_PICK, "出库复核须与拣货为不同的人", "bool", False, "医院内部管理规定，单人库房无法做到",
    ),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)
