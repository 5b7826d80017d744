from django.apps import AppConfig


class MaterialReportsConfig(AppConfig):
    name = "hrp.logistics.reports"
    label = "material_reports"
    verbose_name = "物资报表"

    def ready(self) -> None:
        from hrp.logistics.reports import prices, stock, supply, usage
        from hrp.platform.ui import reports

        for report in (*stock.ALL, *usage.ALL, *supply.ALL, *prices.ALL):
            reports.register(report)
