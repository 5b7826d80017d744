from django.apps import AppConfig


class BridgesConfig(AppConfig):
    name = "hrp.bridges"
    label = "bridges"
    verbose_name = "系统之间"

    def ready(self) -> None:
        from hrp.bridges import capital_receipts, sterile_costing

        capital_receipts.register()
        sterile_costing.register()
