"""What a hospital decides about settlement and closing, effective-dated with its source."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

ZERO = Decimal(0)
AGEING = (30, 60, 90, 180, 360)

SPECS = (
    Spec(
        "settlement.line_tolerance", "发票每行允许差额", "decimal", Decimal("0.01"), "三单匹配惯例：每行 0.01 元", unit="元", least=0,
        help="发票金额与订单（无订单时为入库）单价×数量相差超过此数，须填写差异说明。",
    ),
    Spec(
        "settlement.consumed_to", "已耗用部分的发票差价计入", "choice", "departments", "《政府会计准则第1号——存货》未规定，由医院确定",
        choices=(("departments", "耗用科室"), ("office", "结算科室一行费用")), help="均计入当月费用。",
    ),
    Spec(
        "settlement.ageing", "应付账龄分段", "integers", AGEING, "医院往来款账龄管理惯例", unit="天", least=1,
    ),
    Spec(
        "settlement.payment_target", "付款及时天数", "integer", 30, "集中带量采购货款结算要求，由医院核实", unit="天", least=1,
        help="付款天数考核：自应付日起在此天数内付清为及时。",
    ),
    Spec(
        "settlement.close_blocks_drafts", "月结前草稿须清理", "bool", False, "医院内部控制制度",
        help="“是”时，当月仍为草稿的物资单据会阻止月结；已提交和已审核未过账的总是阻止。",
    ),
)  # fmt: skip


def line_tolerance(on: dt.date) -> Decimal:
    return Decimal(parameters.value("settlement.line_tolerance", on))


def collected(on: dt.date) -> bool:
    """Whether the consumed share of differences goes to one expense line instead of the departments."""
    return bool(parameters.value("settlement.consumed_to", on) == "office")


def ageing(on: dt.date) -> tuple[int, ...]:
    return tuple(sorted(parameters.value("settlement.ageing", on)))


def payment_target(on: dt.date) -> int:
    return int(parameters.value("settlement.payment_target", on))


def drafts_block(on: dt.date) -> bool:
    return bool(parameters.value("settlement.close_blocks_drafts", on))
