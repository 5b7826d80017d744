from django.apps import AppConfig

PERMISSIONS = {
    "logistics.payable.view": "查看应付账款与对账单",
    "logistics.payable.export": "导出应付账款",
    "logistics.month_close.view": "查看物资月结",
    "logistics.month_close.close": "物资月结",
    "logistics.month_close.reopen": "物资反结账",
    "logistics.opening_stock.enable": "启用库房",
}


class SettlementConfig(AppConfig):
    name = "hrp.logistics.settlement"
    label = "settlement"
    verbose_name = "结算与月结"

    def ready(self) -> None:
        from hrp.logistics import gates
        from hrp.logistics.settlement import invariants, parameters
        from hrp.logistics.settlement.documents.cost_adjustment import CostAdjustment, CostAdjustmentLine
        from hrp.logistics.settlement.documents.opening_stock import OpeningStock, OpeningStockLine
        from hrp.logistics.settlement.documents.payment_request import PaymentRequest, PaymentRequestLine
        from hrp.logistics.settlement.documents.supplier_invoice import SupplierInvoice, SupplierInvoiceLine
        from hrp.logistics.settlement.screens import documents, einvoices, lookups
        from hrp.logistics.settlement.services import closing, steps, warning
        from hrp.logistics.settlement.subledger import receiving
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.jobs import checkups
        from hrp.platform.ledger import closing as ledger_closing
        from hrp.platform.notify import kinds
        from hrp.platform.org import parameters as declared
        from hrp.platform.ui import menu, screens

        for model, line_model in (
            (SupplierInvoice, SupplierInvoiceLine), (CostAdjustment, CostAdjustmentLine),
            (OpeningStock, OpeningStockLine), (PaymentRequest, PaymentRequestLine),
        ):  # fmt: skip
            registry.register(model, line_model)
        permissions.declare_all("logistics", PERMISSIONS)
        declared.declare(*parameters.SPECS)
        invariants.register_all()
        kinds.declare(warning.KIND, "物资数据核对", module="logistics", mandatory=True)
        checkups.listen("settlement", warning.tell)
        gates.know_estimates("settlement", receiving.still_estimated)
        for gate in receiving.GATES:
            gates.register(gate)
        gates.close_off("month_close", closing.require_open)
        ledger_closing.require("materials", closing.before_ledger_closes)
        for step in steps.OWN:
            steps.register(step)
        for screen in (einvoices.EINVOICES, *documents.ALL):
            screens.register(screen)
        for lookup in lookups.ALL:
            screens.register_lookup(lookup)
        for group, item in (
            ("结算", menu.Item("应付账款", icon="report-money", url_name="logistics.payables", permission="logistics.payable.view", order=30)),
            ("结算", menu.Item("月结", icon="calendar-check", url_name="logistics.month_close", permission="logistics.month_close.view", order=60)),
            ("报表", menu.Item("收发存汇总表", icon="table", url_name="logistics.stock_ledger", permission="logistics.stock.view", order=10)),
        ):  # fmt: skip
            menu.add("logistics", group, item)
