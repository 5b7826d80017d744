"""The chart of accounts a hospital starts with, after 政府会计制度 and its hospital supplement (财会〔2018〕24号).

Codes of sub-accounts are ours; a hospital adds its own. Statistics are accounts too: they carry quantities only.
"""

from __future__ import annotations

from hrp.platform.ledger.models import Account, Fund

FUNDS = (
    ("F1", "财政基本拨款及自有资金"),
    ("F2", "财政项目拨款"),
    ("F3", "非同级财政拨款项目"),
    ("F4", "科教经费"),
)

MATERIALS = ("血库材料", "医用气体", "影像材料", "化验材料", "其他卫生材料")
ITEMS = (
    ("01", "人员经费"),
    ("02", "卫生材料费"),
    ("03", "药品费"),
    ("04", "固定资产折旧费"),
    ("05", "无形资产摊销费"),
    ("06", "提取医疗风险基金"),
    ("07", "其他运行费用"),
)

BALANCE_SHEET = (
    ("1002", "银行存款", "asset"),
    ("1011", "零余额账户用款额度", "asset"),
    ("1302.01", "库存物品-血库材料", "asset"),
    ("1302.02", "库存物品-医用气体", "asset"),
    ("1302.03", "库存物品-影像材料", "asset"),
    ("1302.04", "库存物品-化验材料", "asset"),
    ("1302.05", "库存物品-其他卫生材料", "asset"),
    ("1302.06", "库存物品-低值易耗品", "asset"),
    ("1302.07", "库存物品-其他材料", "asset"),
    ("1302.08", "库存物品-药品", "asset"),
    ("1302.09", "库存物品-在用低值易耗品", "asset"),
    ("1218", "其他应收款", "asset"),
    ("1601.01", "固定资产-房屋和构筑物", "asset"),
    ("1601.02", "固定资产-设备", "asset"),
    ("1601.03", "固定资产-文物和陈列品", "asset"),
    ("1601.04", "固定资产-图书和档案", "asset"),
    ("1601.05", "固定资产-家具和用具", "asset"),
    ("1601.06", "固定资产-特种动植物", "asset"),
    ("1602", "固定资产累计折旧", "asset"),
    ("1602.01", "固定资产累计折旧-房屋和构筑物", "asset"),
    ("1602.02", "固定资产累计折旧-设备", "asset"),
    ("1602.05", "固定资产累计折旧-家具和用具", "asset"),
    ("1611", "工程物资", "asset"),
    ("1613", "在建工程", "asset"),
    ("1701", "无形资产", "asset"),
    ("1702", "无形资产累计摊销", "asset"),
    ("1902", "待处理财产损溢", "asset"),
    ("2103", "应缴财政款", "liability"),
    ("2201", "应付职工薪酬", "liability"),
    ("2302", "应付账款", "liability"),
    ("2302.02", "应付账款-暂估", "liability"),
    ("2302.03", "应付账款-寄售使用", "liability"),
    ("2307", "其他应付款", "liability"),
    ("2502", "长期应付款", "liability"),
    ("3001", "累计盈余", "net"),
    ("3101", "专用基金-医疗风险基金", "net"),
    ("3401", "无偿调拨净资产", "net"),
    ("3501", "以前年度盈余调整", "net"),
    ("4001", "财政拨款收入", "income"),
    ("4101", "事业收入-医疗收入", "income"),
    ("4603", "捐赠收入", "income"),
    ("4605", "租金收入", "income"),
    ("4609", "其他收入", "income"),
)

OTHER_EXPENSES = (
    ("5201", "经营费用"),
    ("5301", "资产处置费用"),
    ("5401", "上缴上级费用"),
    ("5501", "对附属单位补助费用"),
    ("5901", "其他费用"),
)


def accounts() -> list[Account]:
    """The starting chart, as unsaved rows."""
    rows = [Account(code=code, name=name, element=element) for code, name, element in BALANCE_SHEET]
    for head, title in (("5001", "业务活动费用"), ("5101", "单位管理费用")):
        for code, name in ITEMS:
            rows.append(_expense(f"{head}.{code}", f"{title}-{name}"))
        for place, name in enumerate(MATERIALS, start=1):
            rows.append(_expense(f"{head}.02.{place:02d}", f"{title}-卫生材料费-{name}"))
    rows += [_expense(code, name) for code, name in OTHER_EXPENSES]
    return rows


def _expense(code: str, name: str) -> Account:
    return Account(code=code, name=name, element=Account.Element.EXPENSE, needs_unit=True)


def install() -> None:
    """Create funds and accounts that are not there yet; what a hospital changed stays as it is."""
    Fund.objects.bulk_create((Fund(code=code, name=name) for code, name in FUNDS), ignore_conflicts=True)
    Account.objects.bulk_create(accounts(), ignore_conflicts=True)


def install_measure(*, code: str, name: str, measure: str) -> None:
    """Create the stat account of a measure when it is not there yet."""
    Account.objects.bulk_create(
        [Account(code=code, name=name, element=Account.Element.STAT, measure=measure, needs_unit=True)],
        ignore_conflicts=True,
    )
