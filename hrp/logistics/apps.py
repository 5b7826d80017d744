from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "hrp.logistics"
    label = "logistics"
    verbose_name = "物流管理"

    def ready(self) -> None:
        from hrp.logistics import invariants, kernels
        from hrp.logistics.documents.stock_issue import StockIssue, StockIssueLine
        from hrp.logistics.documents.stock_receipt import StockReceipt, StockReceiptLine
        from hrp.logistics.documents.stock_transfer import StockTransfer, StockTransferLine
        from hrp.logistics.documents.transfer_receipt import TransferReceipt, TransferReceiptLine
        from hrp.logistics.screens import documents, lookups, projects, registers, transfers
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import menu, screens

        menu.arrange(
            "logistics", "采购", "库存业务", "申领", "盘点", "高值耗材", "结算", "报表", "基础资料",
        )  # fmt: skip
        registry.register(StockReceipt, StockReceiptLine)
        registry.register(StockIssue, StockIssueLine)
        registry.register(StockTransfer, StockTransferLine)
        registry.register(TransferReceipt, TransferReceiptLine)
        invariants.register_all()
        kernels.register_all()
        permissions.declare_all("logistics", registers.PERMISSIONS | projects.PERMISSIONS)
        for screen in (*documents.ALL, *transfers.ALL, *registers.ALL, projects.PROJECTS):
            screens.register(screen)
        for lookup in lookups.ALL:
            screens.register_lookup(lookup)
