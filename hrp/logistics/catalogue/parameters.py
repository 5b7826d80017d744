"""What a hospital may set about the catalogue. Where a rule differs by hospital or region it is one of these."""

from __future__ import annotations

from decimal import Decimal

from hrp.logistics.catalogue.models.licenses import Override
from hrp.logistics.gates import Moment
from hrp.platform.org.parameters import Spec, declare

LEVELS = (("block", "拦截"), ("warn", "提醒"), ("off", "不检查"))
MOMENTS = {Moment.ORDER: "订单", Moment.RECEIPT: "入库", Moment.ISSUE: "出库", Moment.SETTLEMENT: "结算"}
CHECKS = {code: str(title) for code, title in Override.Check.choices}

# check -> level at order, receipt, issue, settlement
MATRIX = {
    "license": ("block", "block", "off", "warn"),
    "certificate": ("block", "block", "off", "warn"),
    "authorisation": ("block", "block", "off", "warn"),
    "scope": ("block", "warn", "off", "off"),
    "price": ("block", "block", "off", "block"),
    "catalogue": ("block", "block", "off", "off"),
}

ALERT_DAYS = "logistics.license.alert_days"
MISSING = "logistics.gate.missing"
CATALOGUE_KINDS = "logistics.catalogue.kinds"
ADMISSION_KINDS = "logistics.admission.kinds"
VOLUME_LAG = "logistics.volume.lag_points"
VOLUME_CAP = "logistics.volume.unselected_cap"
VOLUME_MEASURE = "logistics.volume.measure"
SEPARATORS = "logistics.scan.separators"
MARKUP = "logistics.price.markup_percent"
ABOVE = "logistics.price.above"
HIS = "logistics.price.his_partner"
ABOVE_CHOICES = (("block", "拦截"), ("reason", "须写明说明"), ("off", "不检查"))


def gate(check: str, moment: Moment) -> str:
    return f"logistics.gate.{check}.{moment}"


def declare_all() -> None:
    for check, levels in MATRIX.items():
        for (moment, title), level in zip(MOMENTS.items(), levels, strict=True):
            declare(
                Spec(
                    gate(check, moment), f"{title}时{CHECKS[check]}不符", "choice", level, "院内默认，待院方确认",
                    choices=LEVELS,
                )
            )  # fmt: skip
    declare(
        Spec(MISSING, "没有登记证照、授权、协议价时", "choice", "warn", "院内默认；资料补齐后建议改为拦截", choices=LEVELS),
        Spec(ALERT_DAYS, "资质到期提醒（剩余天数）", "integers", (90, 60, 30, 7), "院内默认，到期后每日提醒", unit="天", least=0),
        Spec(CATALOGUE_KINDS, "须列入供应目录的物资类别", "text", "high_value、consumable、reagent", "《医疗机构医用耗材管理办法（试行）》国卫医发〔2019〕43号，范围待院方确认", help="类别代码，用顿号隔开"),
        Spec(ADMISSION_KINDS, "须经准入方可启用的物资类别", "text", "high_value、consumable、reagent、disinfectant", "院内默认", help="类别代码，用顿号隔开"),
        Spec(VOLUME_LAG, "集采进度落后提醒", "decimal", Decimal(5), "院内默认，待院方确认", unit="个百分点", least=0, most=100),
        Spec(VOLUME_CAP, "集采非中选产品占比上限", "decimal", Decimal(20), "院内默认，各省、各批次不同", unit="%", least=0, most=100),
        Spec(VOLUME_MEASURE, "集采完成量按", "choice", "received", "院内默认，待院方确认", choices=(("received", "入库量"), ("issued", "领用量"))),
        Spec(SEPARATORS, "扫码枪代替 GS 分隔符送出的字符", "text", "|、{GS}、^]", "按院内扫码枪设置", help="用顿号隔开；在“扫码枪自检”查看"),
        Spec(MARKUP, "耗材销售加成", "decimal", Decimal(0), "公立医院医用耗材零差率销售，待院方确认", unit="%", least=0, most=100),
        Spec(ABOVE, "销售价高于进价加成时", "choice", "block", "院内默认，待院方确认", choices=ABOVE_CHOICES),
        Spec(HIS, "调价消息发往", "text", "his", "接口伙伴的编码；没有登记该伙伴时不发"),
    )  # fmt: skip
