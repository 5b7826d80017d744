from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "hrp.logistics"
    label = "logistics"
    verbose_name = "物流管理"

    def ready(self) -> None:
        from hrp.logistics import invariants
        from hrp.logistics.documents.stock_issue import StockIssue, StockIssueLine
        from hrp.logistics.documents.stock_receipt import StockReceipt, StockReceiptLine
        from hrp.logistics.screens import documents, registers
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import screens

        registry.register(StockReceipt, StockReceiptLine)
        registry.register(StockIssue, StockIssueLine)
        invariants.register_all()
        permissions.declare_all("logistics", registers.PERMISSIONS)
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
