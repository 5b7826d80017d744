"""What hospitals set differently: hours, days and the systems they speak with."""

from __future__ import annotations

from hrp.platform.org import parameters
from hrp.platform.org.parameters import Spec

ALL = (
    Spec("highvalue.emergency_hours", "紧急使用补批时限", "integer", 24, "医院制度（院内约定，待核对）", unit="小时", least=1, most=168),
    Spec("highvalue.cancel_hours", "登记人可自行撤销使用的时限", "integer", 12, "医院制度（院内约定，待核对）", unit="小时", least=0, most=168),
    Spec("highvalue.charge_grace_hours", "使用与收费对账宽限", "integer", 24, "医院制度（院内约定，待核对）", unit="小时", least=0, most=168, help="使用后超过这个时间仍未收费的列入差异"),
    Spec("highvalue.pick_hours", "备用未用提醒", "integer", 24, "院内约定（待核对）", unit="小时", least=1, most=240, help="备用后超过这个时间仍未使用也未退回的提醒"),
    Spec("highvalue.his_partner", "收费消息发往", "text", "his", "接口伙伴的编码"),
    Spec("highvalue.emr_partner", "病历消息发往", "text", "emr", "接口伙伴的编码；没有登记该伙伴时不发"),
    Spec("highvalue.department_quota", "单台手术高值件数提示", "integer", 20, "医院制度（院内约定，待核对）", unit="件", least=1, help="同一就诊号同日使用超过这个件数时提示，不拒绝"),
    Spec("recall.notice_days_1", "一级召回通知时限", "integer", 1, "《医疗器械召回管理办法》（待核对）", unit="天", least=0, most=30),
    Spec("recall.notice_days_2", "二级召回通知时限", "integer", 3, "《医疗器械召回管理办法》（待核对）", unit="天", least=0, most=30),
    Spec("recall.notice_days_3", "三级召回通知时限", "integer", 7, "《医疗器械召回管理办法》（待核对）", unit="天", least=0, most=30),
    Spec("adverse.days_death", "不良事件上报时限：死亡", "integer", 7, "《医疗器械不良事件监测和再评价管理办法》（使用单位时限待核对）", unit="天", least=0, most=60),
    Spec("adverse.days_serious", "不良事件上报时限：严重伤害", "integer", 20, "《医疗器械不良事件监测和再评价管理办法》（使用单位时限待核对）", unit="天", least=0, most=60),
    Spec("adverse.days_other", "不良事件上报时限：其他", "integer", 30, "院内约定（待核对）", unit="天", least=0, most=90),
    Spec("adverse.days_group", "不良事件上报时限：群体事件", "integer", 0, "《医疗器械不良事件监测和再评价管理办法》：立即（待核对）", unit="天", least=0, most=7),
)  # fmt: skip


def declare() -> None:
    parameters.declare(*ALL)
