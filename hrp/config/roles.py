"""The roles a hospital starts with: who does what, on one screen. A hospital edits them afterwards.

Patterns are matched against the declared permissions of the role's duty, so that a new document type joins the roles
that its module's people hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from hrp.platform.access import permissions
from hrp.platform.access.models import Role, RolePermission


@dataclass(frozen=True)
class RoleSpec:
    """A role and the permission patterns it holds; ``without`` takes some away again, ``also`` gives some regardless."""

    code: str
    title: str
    patterns: tuple[str, ...]
    without: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    duty: str = "business"
    description: str = ""

    def codes(self) -> list[str]:
        """Declared permissions of the role's duty that a pattern names, sorted."""
        return sorted(
            p.code
            for p in permissions.of_duty(self.duty)
            if p.code in self.also
            or (
                any(fnmatchcase(p.code, pattern) for pattern in self.patterns)
                and not any(fnmatchcase(p.code, pattern) for pattern in self.without)
            )
        )


DESK = ("operations.*",)
SUPPLIER_LEAVES = (
    "operations.ticket.confirm", "operations.contract.edit", "operations.rating.give", "operations.survey.reply", "operations.enquiry.judge",
    "operations.gate.edit", "operations.cti.*",
)  # fmt: skip
STAFF = (
    "operations.article.view", "operations.training.view", "operations.training.attend", "operations.enquiry.view",
    "operations.enquiry.ask", "operations.enquiry.judge", "operations.survey.view", "operations.survey.reply",
)  # fmt: skip
"""What everybody of the hospital may do with the maintenance service, in their own department."""

EQUIPMENT_ACTS = (
    "assets.repair.report", "assets.repair.dispatch", "assets.repair.work", "assets.repair.check", "assets.repair.accept", "assets.care.edit",
    "assets.care.work", "assets.care.import", "assets.stop_tag.edit", "assets.metrology.edit", "assets.metrology.import",
    "assets.device_event.edit", "assets.safety_notice.edit", "assets.safety_notice.handle", "assets.readiness.check", "assets.readiness.lend",
)  # fmt: skip
"""What is done to machines rather than to their books."""

ACQUIRING = tuple(
    f"assets.acquisition_{noun}" for noun in ("request", "plan", "purchase", "contract", "acceptance")
)
"""The way of a machine into the house, which is not the accountant's work; he sees it, and takes back what was posted wrongly."""

ROLES = (
    RoleSpec(
        "store_keeper", "库管员",
        (
            "logistics.stock_receipt.*", "logistics.stock_issue.*", "logistics.stock_transfer.*", "logistics.transfer_receipt.*",
            "logistics.supplier_return.*", "logistics.identifier.bind", "logistics.opening_stock.edit", "logistics.opening_stock.submit",
            "logistics.requisition.post", "logistics.requisition.print", "logistics.department_return.*",
            "logistics.delivery.hand_over", "logistics.quota_card.*", "logistics.bin.*", "logistics.label.print", "logistics.scrap.edit", "logistics.scrap.submit",
            "logistics.scrap.post", "logistics.scrap.print", "logistics.scrap.destroy",
            "logistics.consign_*.*", "logistics.use_*.*", "logistics.operation_request.*", "logistics.unit.*", "logistics.freeze.edit",
            "logistics.recall.acknowledge", "logistics.reagent.work", "logistics.hazard.work", "logistics.cold.work",
            "logistics.*.view", "logistics.*.export", "org.*.view", *STAFF,
        ),
        ("*.approve", "*.reverse"), description="办理入库、出库、核发申领，查询库存，登记试剂、冷链与危化品",
    ),
    RoleSpec(
        "purchaser", "采购员",
        (
            "logistics.purchase_plan.*", "logistics.purchase_order.*", "logistics.delivery_note.*", "logistics.supplier_return.*",
            "logistics.stocking_rule.*", "logistics.supplier_score.view", "logistics.price_adjustment.*", "logistics.*.view",
            "logistics.*.export", "org.*.view", *STAFF,
        ),
        ("*.approve", "logistics.supplier_return.post", "logistics.price_adjustment.post", "*.reverse"),
        description="编制采购计划与订单，跟踪到货，办理退货，编制调价单",
    ),
    RoleSpec(
        "inspector", "验收员",
        (
            "logistics.inspection.*", "logistics.delivery_note.*", "logistics.stock_receipt.edit", "logistics.stock_receipt.submit",
            "logistics.stock_receipt.print", "logistics.*.view", "logistics.*.export", "org.*.view", *STAFF,
        ),
        ("*.approve", "*.reverse"), description="到货验收与签字，生成入库单",
    ),
    RoleSpec(
        "material_accountant", "物资会计",
        ("logistics.*", "ledger.*.view", "ledger.*.export", "org.*.view", *STAFF),
        (
            "logistics.stock_*.submit", "logistics.stock_*.edit", "logistics.transfer_receipt.submit", "logistics.transfer_receipt.edit",
            "logistics.requisition.edit", "logistics.requisition.submit", "logistics.department_return.submit",
            "logistics.delivery.*", "ledger.*.submit", "logistics.purchase_*.edit", "logistics.purchase_*.submit",
            "logistics.purchase_*.post", "logistics.delivery_note.edit", "logistics.delivery_note.submit",
            "logistics.inspection.edit", "logistics.inspection.submit", "logistics.inspection.post", "logistics.inspection.sign",
            "logistics.supplier_return.edit", "logistics.supplier_return.submit", "logistics.price_adjustment.edit",
            "logistics.price_adjustment.submit", "logistics.payment_request.post", "logistics.theatre.use",
            "logistics.pack.work", "logistics.pack.release", "logistics.pack.use",
        ),
        description="审核与红冲物资单据，执行调价，登记发票、申请付款、月结，下达盘点，处理损溢，维护字典与科教项目",
    ),
    RoleSpec(
        "ward_head", "科室负责人",
        (
            "logistics.stock_issue.view", "logistics.stock_issue.print", "logistics.requisition.view", "logistics.requisition.approve",
            "logistics.requisition.print", "logistics.department_return.view", "logistics.department_return.approve",
            "logistics.durable_scrap.view", "logistics.durable_scrap.approve", "logistics.durable.view", "logistics.delivery.sign",
            "logistics.item.view", "logistics.project.view", "logistics.budget_line.view", "costing.report.view", "costing.*_report.view",
            "assets.acquisition_request.view", "assets.acquisition_request.edit", "assets.acquisition_request.submit",
            "assets.acquisition_request.void", "assets.acquisition_request.print", "assets.acquisition_acceptance.view",
            "assets.acquisition_acceptance.print", "assets.acquisition_acceptance.clinical", "org.*.view", *STAFF,
        ),
        description="审批本科室的申领，申购设备，临床验收，查看领用与成本",
    ),
    RoleSpec(
        "requester", "科室申领员",
        (
            "logistics.requisition.view", "logistics.requisition.edit", "logistics.requisition.submit", "logistics.requisition.void",
            "logistics.requisition.print", "logistics.stock_issue.view", "logistics.stock_issue.print", "logistics.delivery.sign",
            "logistics.department_return.view", "logistics.department_return.edit", "logistics.department_return.submit",
            "logistics.department_return.print", "logistics.durable.view", "logistics.durable_scrap.view",
            "logistics.durable_scrap.edit", "logistics.durable_scrap.submit", "logistics.quota_card.view",
            "logistics.quota_card.scan", "logistics.item.view", "logistics.project.view", "org.*.view", *STAFF,
        ),
        description="为本科室申领、签收、退库，扫描定数卡",
    ),
    RoleSpec(
        "stock_counter", "盘点员",
        ("logistics.count.view", "logistics.count.work", "logistics.item.view", "org.*.view", *STAFF),
        description="盘点不由自己保管的库房",
    ),
    RoleSpec(
        "theatre_nurse", "手术室护士",
        ("logistics.theatre.use", "logistics.pack.use", "logistics.pack.view", "logistics.unit.view", "logistics.unit.pick", "logistics.patient_use.view", "logistics.operation_request.*", "logistics.recall.view", "logistics.recall.acknowledge", "logistics.adverse_event.view", "logistics.adverse_event.edit", "logistics.item.view", "logistics.store.view", "org.*.view", *STAFF),
        ("*.approve", "*.reverse"), description="术前申请、扫码备用、术中扫码使用，签收召回，登记不良事件",
    ),
    RoleSpec(
        "cssd", "消毒供应员",
        ("logistics.pack.*", "logistics.pack_type.*", "logistics.reagent.view", "logistics.recall.view", "logistics.recall.acknowledge", "logistics.item.view", "logistics.supplier.view", "org.*.view", *STAFF),
        description="回收、清洗、包装、灭菌、放行、发放，外来器械，召回锅次",
    ),
    RoleSpec(
        "asset_accountant", "资产会计",
        ("assets.*", "ledger.*.view", "ledger.*.export", "org.*.view", *STAFF),
        (
            "*.approve", *EQUIPMENT_ACTS, "assets.disposal_request.appraisal", "assets.disposal_request.office",
            "assets.disposal_request.committee", "assets.stocktake_task.confirm", *(f"{kind}.*" for kind in ACQUIRING),
        ),
        tuple(f"{kind}.{act}" for kind in ACQUIRING for act in ("view", "print", "export", "reverse")),
        description="建卡入账、变动、拆分合并、分类变更、调拨、处置核销，设备付款，租金与工程支出，计提折旧，维护分类与年限",
    ),
    RoleSpec(
        "asset_office", "资产管理办公室",
        (
            "assets.stocktake.*", "assets.stocktake_task.*", "assets.found_asset.*", "assets.label.print", "assets.asset_transfer.*",
            "assets.write_off.edit", "assets.write_off.submit", "assets.disposal_request.*", "assets.disposal_rule.*",
            "assets.acquisition_*.*", "assets.large_licence.*", "assets.relocation.*", "assets.handover.receive", "assets.split.edit",
            "assets.split.submit", "assets.merge.edit", "assets.merge.submit", "assets.rent_out.*", "assets.lease.edit",
            "assets.lease.import", "assets.project.edit", "assets.project.import",
            "assets.*.view", "assets.*.export", "org.*.view", *STAFF,
        ),
        (
            "*.approve", "*.reverse", "assets.disposal_request.appraisal", "assets.disposal_request.finance",
            "assets.disposal_request.committee", "assets.acquisition_request.vote", "assets.acquisition_request.committee",
            "assets.acquisition_request.resolve", "assets.acquisition_contract.legal", "assets.acquisition_acceptance.technical",
            "assets.acquisition_acceptance.clinical", "assets.acquisition_payment.post", "assets.acquisition_budget.edit",
            "assets.acquisition_budget.import",
        ),
        description="申购归口审核、年度计划、采购、合同与终验，组织盘点与对账，调拨与移交，拆分合并申请，出租出借与租入，在建工程，处置归口审核、登记批复与执行，打印标签",
    ),
    RoleSpec(
        "equipment_engineer", "设备科工程师",
        (
            "assets.asset.view", "assets.asset.export", "assets.asset_class.view", "assets.location.view", "assets.repair.*", "assets.care.*",
            "assets.stop_tag.*", "assets.metrology.*", "assets.contract.*", "assets.device_event.*", "assets.safety_notice.*",
            "assets.readiness.*", "assets.benefit.*", "assets.equipment_report.*", "assets.disposal_request.appraisal",
            "assets.disposal_request.view", "assets.acquisition_request.view", "assets.acquisition_request.vote",
            "assets.acquisition_purchase.view", "assets.acquisition_contract.view", "assets.acquisition_acceptance.*", "org.*.view", *STAFF,
        ),
        (
            "assets.repair.accept", "assets.acquisition_acceptance.clinical", "assets.acquisition_acceptance.approve",
            "assets.acquisition_acceptance.post", "assets.acquisition_acceptance.reverse",
        ),
        description="派工维修、维护质控、计量、服务合同、不良事件、单机效益，设备论证与技术验收，处置技术鉴定",
    ),
    RoleSpec(
        "asset_custodian", "科室资产管理员",
        (
            "assets.asset.view", "assets.location.view", "assets.repair.view", "assets.repair.report", "assets.repair.accept", "assets.care.view",
            "assets.care.work", "assets.stop_tag.view", "assets.metrology.view", "assets.device_event.view", "assets.device_event.edit",
            "assets.safety_notice.view", "assets.safety_notice.handle", "assets.readiness.view", "assets.readiness.check",
            "assets.stocktake_task.view", "assets.stocktake_task.work", "assets.stocktake_task.confirm", "assets.found_asset.view",
            "assets.disposal_request.view", "assets.disposal_request.edit", "assets.disposal_request.submit",
            "assets.disposal_request.print", "assets.label.print", "assets.asset_transfer.view", "assets.relocation.view",
            "assets.relocation.edit", "assets.relocation.submit", "assets.relocation.print", "assets.handover.receive",
            "assets.acquisition_request.view", "assets.acquisition_acceptance.view", "org.*.view", *STAFF,
        ),
        description="本科室设备的报修、验收、一级保养、完好检查与不良事件，扫码盘点并确认，移交与扫码签收，申请处置，打印标签",
    ),
    RoleSpec(
        "equipment_expert", "设备论证专家",
        ("assets.acquisition_request.view", "assets.acquisition_request.vote", "org.*.view", *STAFF),
        description="参加设备申购的专家论证（授权范围为全院）",
    ),
    RoleSpec(
        "cost_accountant", "成本会计",
        ("costing.*", "ledger.*.view", "ledger.*.export", "logistics.*.view", "assets.*.view", "org.*.view", *STAFF),
        ("*.approve",), description="归集费用与统计量，运行分摊，出具成本报表",
    ),
    RoleSpec(
        "finance_head", "财务科长",
        (
            "costing.*", "ledger.*", "documents.*", "logistics.*.view", "logistics.*.approve", "logistics.*.export",
            "assets.*.view", "assets.*.approve", "assets.*.export", "assets.disposal_request.finance", "assets.acquisition_contract.legal",
            "assets.acquisition_payment.post", "org.*", *STAFF,
        ),
        ("*.edit", "*.submit", "*.import"),
        (
            "logistics.payment_request.post", "logistics.month_close.reopen", "logistics.budget_line.edit", "logistics.budget_line.change",
            "assets.acquisition_budget.edit",
        ),
        description="审核成本单据，付款，结账与反结账，编制预算",
    ),
    RoleSpec(
        "director", "院领导",
        (
            "*.view", "assets.disposal_request.committee", "assets.acquisition_request.vote", "assets.acquisition_request.committee",
            "assets.acquisition_request.resolve",
        ),
        description="查看全院数据，主持购置与处置审议",
    ),
    RoleSpec("service_agent", "服务台座席", (*DESK, "org.*.view"), SUPPLIER_LEAVES, description="受理故障与咨询（乙方）"),
    RoleSpec("service_engineer", "运维工程师", (*DESK, "org.*.view"), (*SUPPLIER_LEAVES, "operations.duty.edit"), description="处理故障，填写维护记录（乙方）"),
    RoleSpec("system_counterpart", "系统主管工程师", (*DESK, "org.*.view", "documents.*.view"), ("operations.ticket.work", "operations.duty.edit", "operations.duty.work", "operations.enquiry.answer"), description="确认服务与裁定（甲方）"),
    RoleSpec("system_admin", "系统管理员", ("system.*",), duty="system", description="用户、参数、任务"),
    RoleSpec("security_admin", "安全保密管理员", ("security.*",), duty="security", description="角色与授权"),
    RoleSpec("audit_admin", "安全审计员", ("audit.*",), duty="audit", description="操作日志与审计链"),
)  # fmt: skip


def install() -> dict[str, Role]:
    """Create the starting roles that are not there yet, by code; existing roles keep what the hospital gave them."""
    roles = {}
    for spec in ROLES:
        role, created = Role.objects.get_or_create(
            code=spec.code, defaults={"title": spec.title, "duty": spec.duty, "description": spec.description}
        )
        if created:
            RolePermission.objects.bulk_create(
                RolePermission(role=role, code=code, duty=spec.duty) for code in spec.codes()
            )
        roles[spec.code] = role
    return roles
