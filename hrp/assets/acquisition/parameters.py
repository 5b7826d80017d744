"""What a hospital may set about acquisition. Limits in yuan are rows of 申购决策权限 and 采购方式限额."""

from __future__ import annotations

from decimal import Decimal

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

EXPERTS, SHARE, SCORE, WEIGHTS = (
    "assets.panel_least",
    "assets.panel_share",
    "assets.panel_score",
    "assets.panel_weights",
)
RATE, REGION, SPAN, RETENTION = (
    "assets.discount_rate",
    "assets.procurement_region",
    "assets.procurement_span",
    "assets.retention_notice_days",
)
CRITERIA = ("必要性", "先进性与适用性", "人员资质", "场地条件", "经济与社会效益")

SPECS = (
    Spec(EXPERTS, "专家论证最少有效票数", "integer", 3, "医院装备论证制度，常用做法", unit="票", least=1, most=15),
    Spec(SHARE, "专家论证通过比例", "decimal", Decimal(60), "医院装备论证制度，常用做法", unit="%", least=50, most=100),
    Spec(SCORE, "专家论证通过平均分", "decimal", Decimal(70), "医院装备论证制度，常用做法", unit="分", least=0, most=100),
    Spec(
        WEIGHTS, "论证评分权重", "integers", (30, 20, 15, 15, 20), "医院装备论证制度，常用做法", least=0,
        help=f"依次为{'、'.join(CRITERIA)}，须五项。",
    ),
    Spec(RATE, "论证折现率", "decimal", Decimal(5), "医院财务部门确定", unit="%", least=0, most=30),
    Spec(REGION, "执行的地方采购限额", "text", "", "所在地政府集中采购目录及标准；空为通用规定"),
    Spec(
        SPAN, "采购防拆分合并期间", "choice", "year", "《政府采购法实施条例》第二十八条：一个财政年度内",
        choices=(("quarter", "季度"), ("year", "年度")), help="同一资产分类在期间内以非公开方式采购的合并计算。",
    ),
    Spec(RETENTION, "质保金到期提前提醒", "integers", (30, 7, 0), "医院确定", unit="天", least=0),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*SPECS)
