from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "hrp.logistics"
    label = "logistics"
    verbose_name = "物流管理"

    def ready(self) -> None:
        from hrp.logistics import invariants
        from hrp.logistics.documents.stock_issue import StockIssue, StockIssueLine
        from hrp.logistics.documents.stock_receipt import StockReceipt, StockReceiptLine
        from hrp.platform.documents import registry

        registry.register(StockReceipt, StockReceiptLine)
        registry.register(StockIssue, StockIssueLine)
        invariants.register_all()
