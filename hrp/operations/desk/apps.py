from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.ticket.view": "查看工单与维护记录",
    "operations.ticket.log": "登记来电、报修与备注",
    "operations.ticket.work": "处理工单（乙方）",
    "operations.ticket.decide": "声明远程无法解决、标紧急、调整级别、并入来电",
    "operations.ticket.confirm": "确认维护记录（甲方）",
    "operations.ticket.close": "关闭工单",
}


class DeskConfig(AppConfig):
    name = "hrp.operations.desk"
    label = "desk"
    verbose_name = "服务台"

    def ready(self) -> None:
        from hrp.operations.contracts.defaults import default_terms
        from hrp.operations.desk import invariants, proofs
        from hrp.operations.desk.models import TicketEvent
        from hrp.operations.desk.published import published_calendar
        from hrp.operations.desk.rules.kernel import sla
        from hrp.operations.desk.selectors import VIEW, late_count
        from hrp.platform.audit import sealed
        from hrp.platform.base import verify
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        verify.register("operations", "sla", lambda given: sla(given, default_terms(), published_calendar()))
        sealed.register(sealed.SealedTable(TicketEvent, title="工单事件", at="recorded_at"))
        kinds.declare("operations.ticket", "工单通知", module="operations", mandatory=True)
        kinds.declare("operations.breach", "工单超时", module="operations", mandatory=True)
        kinds.declare("operations.at_risk", "临近超时", module="operations", mandatory=True)
        proofs.register()
        self._page_for_tickets()
        invariants.register_all()
        for item in (
            menu.Item(
                "工单",
                icon="headset",
                url_name="operations.ticket.list",
                permission=VIEW,
                count=late_count,
                order=10,
            ),
            menu.Item(
                "维护记录", icon="file-text", url_name="operations.record.list", permission=VIEW, order=20
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

    def _page_for_tickets(self) -> None:
        from hrp.operations.desk import panels, presenting
        from hrp.operations.desk.services.paged import PagedTicket
        from hrp.operations.desk.services.paging import PREFIX
        from hrp.operations.duty import sources

        sources.register(PREFIX, PagedTicket())
        panels.register("paging", panels.Panel("duty/parts/runs.html", presenting.pagings))
