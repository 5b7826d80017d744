from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.ticket.view": "查看工单与维护记录",
    "operations.ticket.log": "登记来电、报修与备注",
    "operations.ticket.work": "处理工单（乙方）",
    "operations.ticket.decide": "声明远程无法解决、标紧急、调整级别、并入来电",
    "operations.ticket.confirm": "确认维护记录（甲方）",
    "operations.ticket.close": "关闭工单",
    "operations.ticket.rule": "提出与签署超时裁定",
}


class DeskConfig(AppConfig):
    name = "hrp.operations.desk"
    label = "desk"
    verbose_name = "服务台"

    def ready(self) -> None:
        from hrp.operations.contracts import proofs
        from hrp.operations.contracts.defaults import default_terms
        from hrp.operations.desk import invariants
        from hrp.operations.desk.models import TicketEvent
        from hrp.operations.desk.proofs import clock_verdicts
        from hrp.operations.desk.published import published_calendar
        from hrp.operations.desk.rules.kernel import sla
        from hrp.operations.desk.screens import BREACHES
        from hrp.platform.audit import sealed
        from hrp.platform.base import verify
        from hrp.platform.notify import kinds
        from hrp.platform.ui import screens

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        verify.register("operations", "sla", lambda given: sla(given, default_terms(), published_calendar()))
        sealed.register(sealed.SealedTable(TicketEvent, title="工单事件", at="recorded_at"))
        kinds.declare("operations.ticket", "工单通知", module="operations", mandatory=True)
        kinds.declare("operations.breach", "工单超时", module="operations", mandatory=True)
        kinds.declare("operations.ruling", "超时裁定", module="operations", mandatory=True)
        kinds.declare("operations.risk", "时限预警", module="operations", mandatory=True)
        invariants.register_all()
        proofs.register("AC-05", clock_verdicts)
        screens.register(BREACHES)
        _fill_menu()


def _fill_menu() -> None:
    from hrp.operations.desk.selectors import VIEW, late_count, to_sign
    from hrp.platform.ui import menu

    for item in (
        menu.Item(
            "工单",
            icon="headset",
            url_name="operations.ticket.list",
            permission=VIEW,
            count=late_count,
            order=10,
        ),
        menu.Item("维护记录", icon="file-text", url_name="operations.record.list", permission=VIEW, order=20),
        menu.Item(
            "超时与裁定",
            icon="gavel",
            url_name="operations.breach.list",
            permission=VIEW,
            count=to_sign,
            order=25,
        ),
        menu.Item("服务台大屏", icon="device-tv", url_name="operations.wall", permission=VIEW, order=30),
    ):
        menu.add("operations", "服务台", item)
    menu.add(
        "operations",
        "合同",
        menu.Item(
            "运维合同",
            icon="contract",
            url_name="operations.contract",
            permission="operations.contract.view",
        ),
    )
