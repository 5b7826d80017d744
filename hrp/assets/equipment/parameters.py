"""What hospitals set differently about their machines: limits of time, scores, percentages."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

OWN = "医院制度（院内约定，待核对）"
ADVERSE = "《医疗器械不良事件监测和再评价管理办法》（使用单位时限待核对）"

SPECS = (
    Spec("equipment.respond_minutes_urgent", "紧急报修响应时限", "integer", 30, OWN, unit="分钟", least=1, most=10080),
    Spec("equipment.respond_minutes_normal", "一般报修响应时限", "integer", 240, OWN, unit="分钟", least=1, most=10080),
    Spec("equipment.fix_hours_urgent", "紧急报修修复时限", "integer", 24, OWN, unit="小时", least=1, most=2160),
    Spec("equipment.fix_hours_normal", "一般报修修复时限", "integer", 72, OWN, unit="小时", least=1, most=2160),
    Spec(
        "equipment.check_after_repair", "修后检测", "choice", "life_support", OWN,
        choices=(("none", "不要求"), ("life_support", "急救生命支持设备"), ("medical", "全部医疗设备")),
        help="要求检测的设备，检测合格后科室才能验收。",
    ),
    Spec("equipment.scrap_percent", "提示报废评估：维修费占净值", "decimal", Decimal(50), OWN, unit="%", least=0, most=1000),
    Spec("equipment.risk_included", "纳入预防性维护的风险分值", "integer", 12, "Fennigkoh-Smith 模型（EM 值，待核对）", least=1, most=30),
    Spec("equipment.risk_high", "高风险分值", "integer", 16, "Fennigkoh-Smith 模型（EM 值，待核对）", least=1, most=30),
    Spec("equipment.care_months", "预防性维护间隔", "integer", 12, OWN, unit="个月", least=1, most=60),
    Spec("equipment.care_months_high", "高风险设备预防性维护间隔", "integer", 6, OWN, unit="个月", least=1, most=60),
    Spec("equipment.care_grace_days", "维护任务宽限", "integer", 0, OWN, unit="天", least=0, most=60, help="到期后这些天内完成仍算按期。"),
    Spec("equipment.calendar_months", "维护日历生成到", "integer", 12, OWN, unit="个月", least=1, most=36),
    Spec("equipment.care_notice_days", "维护到期提醒", "integer", 7, OWN, unit="天前", least=0, most=60),
    Spec("equipment.metrology_notice_days", "计量到期提醒", "integers", (60, 30, 7), OWN, unit="天前", least=0, most=365),
    Spec("equipment.contract_notice_days", "服务合同到期提醒", "integers", (180, 90, 60, 30), OWN, unit="天前", least=0, most=730),
    Spec("equipment.adverse_days_death", "设备不良事件上报时限：死亡", "integer", 7, ADVERSE, unit="天", least=0, most=60),
    Spec("equipment.adverse_days_serious", "设备不良事件上报时限：严重伤害", "integer", 20, ADVERSE, unit="天", least=0, most=60),
    Spec("equipment.adverse_days_other", "设备不良事件上报时限：其他", "integer", 30, OWN, unit="天", least=0, most=90),
    Spec("equipment.adverse_days_group", "设备不良事件上报时限：群体事件", "integer", 0, f"{ADVERSE}：立即", unit="天", least=0, most=7),
    Spec("equipment.ready_target", "急救生命支持设备完好率目标", "decimal", Decimal(100), "医院等级评审惯例（待核对）", unit="%", least=0, most=100),
    Spec("equipment.rated_hours", "额定开机时间", "decimal", Decimal(8), OWN, unit="小时/日", least=1, most=24, help="计算使用率的分母。"),
    Spec("equipment.own_sources", "单机效益中的自有资金来源", "text", "04", OWN, help="资金来源编码，用顿号隔开；效益按全部资金与自有资金两种口径计算折旧。"),
    Spec("equipment.discount_rate", "动态回收期折现率", "decimal", Decimal(5), OWN, unit="%", least=0, most=100),
)  # fmt: skip


def value(name: str, on: dt.date) -> Any:
    """A parameter of this room on a day."""
    return parameters.value(f"equipment.{name}", on)


def declare() -> None:
    parameters.declare(*SPECS)


def own_sources(on: dt.date) -> frozenset[str]:
    """Codes of the sources that count as the hospital's own money."""
    return frozenset(str(value("own_sources", on)).replace("，", "、").replace(",", "、").split("、"))
