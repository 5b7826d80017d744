from django.apps import AppConfig


class CountingConfig(AppConfig):
    name = "hrp.logistics.counting"
    label = "counting"
    verbose_name = "盘点与报损"

    def ready(self) -> None:
        from hrp.logistics.counting import invariants, parameters
        from hrp.logistics.counting.documents.loss_settlement import LossSettlement, LossSettlementLine
        from hrp.logistics.counting.documents.scrap import Scrap, ScrapLine
        from hrp.logistics.counting.documents.stocktake import Stocktake, StocktakeLine
        from hrp.logistics.counting.screens import documents, registers
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import screens

        registry.register(Stocktake, StocktakeLine)
        registry.register(Scrap, ScrapLine)
        registry.register(LossSettlement, LossSettlementLine)
        parameters.declare()
        invariants.register_all()
        permissions.declare_all("logistics", registers.PERMISSIONS)
        for screen in (*registers.ALL, *documents.ALL):
            screens.register(screen)
        for lookup in (*registers.LOOKUPS, *documents.LOOKUPS):
            screens.register_lookup(lookup)
