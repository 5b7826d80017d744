"""Who can sign in to the demo hospital. Plain data: the start-up prints it without loading the product.

All names are invented; the password exists in demo mode only.
"""

from __future__ import annotations

PASSWORD = "Xinglin-2026"  # noqa: S105 - printed at every start of the demo, worth nothing elsewhere

# username, name, title shown at start, role, unit, whole hospital
PEOPLE = (
    ("wangmin", "王敏", "库管员", "store_keeper", "0407", True),
    ("gaojie", "高洁", "采购员", "purchaser", "0407", True),
    ("xuning", "徐宁", "验收员", "inspector", "0407", True),
    ("hanbing", "韩冰", "验收员", "inspector", "0407", True),
    ("zhangxiaoyan", "张晓燕", "物资会计", "material_accountant", "0402", True),
    ("zhengyan", "郑岩", "资产会计", "asset_accountant", "0402", True),
    ("huangwei", "黄伟", "资产管理办公室", "asset_office", "0402", True),
    ("ludan", "陆丹", "重症医学科资产管理员", "asset_custodian", "0117", False),
    ("gaoyuan", "高远", "设备科工程师", "equipment_engineer", "0406", True),
    ("lijianguo", "李建国", "成本会计", "cost_accountant", "0402", True),
    ("chenlixin", "陈立新", "财务科长", "finance_head", "0402", True),
    ("zhaoqian", "赵倩", "骨科病区护士长", "ward_head", "0114", False),
    ("linyue", "林悦", "手术室护士", "theatre_nurse", "0205", True),
    ("linxiu", "林秀", "骨科病区申领员", "requester", "0114", False),
    ("shenwei", "沈薇", "盘点员", "stock_counter", "0402", True),
    ("xuting", "许婷", "消毒供应员", "cssd", "0301", True),
    ("luozhen", "罗珍", "消毒供应中心护士长", "cssd", "0301", True),
    ("liusiyuan", "刘思远", "院领导", "director", "0401", True),
    ("sunhao", "孙浩", "服务台座席（乙方）", "service_agent", "", True),
    ("zhouyi", "周毅", "运维工程师（乙方）", "service_engineer", "", True),
    ("wulei", "吴磊", "系统主管工程师（甲方）", "system_counterpart", "0405", True),
    ("sysadmin", "系统管理员", "系统管理员", "system_admin", "", True),
    ("secadmin", "安全管理员", "安全保密管理员", "security_admin", "", True),
    ("auditor", "审计管理员", "安全审计员", "audit_admin", "", True),
)

ACCOUNTS = [(username, PASSWORD, title) for username, _, title, *_ in PEOPLE]
