from django.apps import AppConfig


class LogisticsConfig(AppConfig):
    name = "hrp.logistics"
    label = "logistics"
    verbose_name = "物流管理"

    def ready(self) -> None:
        from hrp.logistics import invariants
        from hrp.logistics.documents.stock_issue import StockIssue, StockIssueLine
        from hrp.logistics.documents.stock_receipt import StockReceipt, StockReceiptLine
        from hrp.logistics.rules import worked_cases, worked_valuations
        from hrp.logistics.screens import documents, registers
        from hrp.platform.access import permissions
        from hrp.platform.base import verify
        from hrp.platform.documents import registry
        from hrp.platform.ui import screens

        verify.register("logistics", "consignment_use", worked_cases.solve_consignment_use)
        verify.register("logistics", "estimated_receipt", worked_cases.solve_estimated_receipt)
        verify.register("logistics", "expiry", worked_cases.solve_expiry)
        verify.register("logistics", "gtin_check", worked_cases.solve_gtin_check)
        verify.register("logistics", "insurance_code", worked_cases.solve_insurance_code)
        verify.register("logistics", "material_ratios", worked_cases.solve_material_ratios)
        verify.register("logistics", "period_close", worked_cases.solve_period_close)
        verify.register("logistics", "registration_number", worked_cases.solve_registration_number)
        verify.register("logistics", "reorder_point", worked_cases.solve_reorder_point)
        verify.register("logistics", "replenish", worked_cases.solve_replenish)
        verify.register("logistics", "stocktake", worked_cases.solve_stocktake)
        verify.register("logistics", "turnover", worked_cases.solve_turnover)
        verify.register("logistics", "udi", worked_cases.solve_udi)
        verify.register("logistics", "valuation", worked_valuations.solve_valuation)
        registry.register(StockReceipt, StockReceiptLine)
        registry.register(StockIssue, StockIssueLine)
        invariants.register_all()
        permissions.declare_all("logistics", registers.PERMISSIONS)
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
