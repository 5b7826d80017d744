from django.apps import AppConfig


class MaterialReportsConfig(AppConfig):
    name = "hrp.logistics.reports"
    label = "material_reports"
    verbose_name = "物资报表"

    def ready(self) -> None:
        from hrp.logistics.reports import buying, clinical, control, prices, stock, supply, usage
        from hrp.platform.org import parameters
        from hrp.platform.ui import reports

        parameters.declare(*clinical.SPECS)
        for report in (
            *stock.ALL,
            *usage.ALL,
            *supply.ALL,
            *prices.ALL,
            *buying.ALL,
            *control.ALL,
            *clinical.ALL,
        ):
            reports.register(report)
