"""What a hospital decides about fixed assets, effective-dated with its source."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hrp.assets.rules.conventions import BY_NAME, Convention
from hrp.assets.rules.sharing import TransferPolicy
from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

SPECS = (
    Spec(
        "assets.regime", "会计制度", "choice", "government", "《政府会计准则第3号——固定资产》及应用指南（财会〔2017〕4号）",
        choices=(("government", "政府会计（当月增加当月提，当月减少当月不提，无残值）"), ("enterprise", "企业会计（次月起提，有残值）")),
        help="年度中间不应变更。",
    ),
    Spec(
        "assets.residual_percent", "净残值率", "decimal", Decimal(0), "《企业会计准则第4号》由企业确定；政府会计不考虑残值", unit="%",
        least=0, most=100, help="仅在企业会计制度下使用。",
    ),
    Spec(
        "assets.transfer_month", "调拨当月折旧归属", "choice", "month_end", "准则未规定，由医院确定",
        choices=(("month_end", "月末所在科室全部承担"), ("days", "按天数分担")),
    ),
    Spec(
        "assets.capital_threshold", "固定资产单位价值标准", "decimal", Decimal(1000), "《事业单位财务规则》（财政部令第108号）", unit="元", least=0,
        help="分类填了单位价值标准的，按分类；填 0 的按这里。",
    ),
    Spec(
        "assets.small_intangible", "小额无形资产当期费用化标准", "decimal", Decimal(1000), "《政府会计准则第4号——无形资产》：非大批量购入、单价小于 1000 元",
        unit="元", least=0, help="低于此价的无形资产购入时计入费用，不建卡片；大批购入的分类不受限制。",
    ),
    Spec(
        "assets.restate_on_settlement", "暂估转决算时追溯调整已提折旧", "bool", False,
        "《政府会计准则第3号》应用指南：竣工决算后按实际成本调整原值，不需要调整原已计提的折旧额", help="开启后，差额计入以前年度盈余调整。",
    ),
)  # fmt: skip


def convention(on: dt.date) -> Convention:
    return BY_NAME[parameters.value("assets.regime", on)]


def residual_percent(on: dt.date) -> Decimal:
    return Decimal(parameters.value("assets.residual_percent", on)) if convention(on).residual else Decimal(0)


def capital_threshold(on: dt.date) -> Decimal:
    return Decimal(parameters.value("assets.capital_threshold", on))


def small_intangible(on: dt.date) -> Decimal:
    return Decimal(parameters.value("assets.small_intangible", on))


def restates(on: dt.date) -> bool:
    return bool(parameters.value("assets.restate_on_settlement", on))


def transfer_policy(on: dt.date) -> TransferPolicy:
    return TransferPolicy(parameters.value("assets.transfer_month", on))
