"""What a hospital may set about disposals. Limits themselves are rows of 处置审批权限."""

from __future__ import annotations

from decimal import Decimal

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

LEVEL, REGION = "assets.disposal_level", "assets.disposal_region"
SPAN, PROCEEDS, APPRAISAL = (
    "assets.disposal_span",
    "assets.disposal_income",
    "assets.disposal_appraisal_limit",
)

SPECS = (
    Spec(
        LEVEL, "医院隶属级次", "choice", "city", "医院隶属关系",
        choices=(("central", "中央"), ("province", "省级"), ("city", "市级"), ("county", "县级")),
    ),
    Spec(REGION, "执行的地方处置规定", "text", "", "所在地财政部门文件；空为通用规定"),
    Spec(
        SPAN, "防拆分合并期间", "choice", "year", "财政部门处置规定中的“批量”，由医院按当地口径确定",
        choices=(("month", "自然月"), ("quarter", "季度"), ("year", "年度")), help="同一科室在期间内的处置合并计算审批限额。",
    ),
    Spec(
        PROCEEDS, "处置收入去向", "choice", "2103", "《行政事业性国有资产管理条例》（国务院令第738号）",
        choices=(("2103", "应缴财政款"), ("4609", "其他收入（当地规定留归单位）")),
    ),
    Spec(APPRAISAL, "须委托外部技术鉴定的单项原值", "decimal", Decimal(500000), "医院内部控制制度，常用做法", unit="元", least=0),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)
