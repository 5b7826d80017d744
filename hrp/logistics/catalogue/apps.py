from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "hrp.logistics.catalogue"
    label = "catalogue"
    verbose_name = "物资目录与资质"

    def ready(self) -> None:
        from hrp.logistics import gates
        from hrp.logistics.catalogue import invariants, parameters
        from hrp.logistics.catalogue.documents.price_adjustment import PriceAdjustment, PriceAdjustmentLine
        from hrp.logistics.catalogue.screens import items, licenses, prices, supply
        from hrp.logistics.catalogue.services import gatekeeping, one_off_use
        from hrp.logistics.catalogue.services.licenses import KIND
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu, screens

        parameters.declare_all()
        registry.register(PriceAdjustment, PriceAdjustmentLine)
        permissions.declare_all(
            "logistics", items.PERMISSIONS | licenses.PERMISSIONS | supply.PERMISSIONS | prices.PERMISSIONS
        )
        kinds.declare(KIND, "资质到期", module="logistics")
        invariants.register_all()
        for moment in parameters.MOMENTS:
            takes = moment == gates.Moment.RECEIPT  # what one exception allows is used up by receiving
            gates.register(
                gates.Gate(
                    "catalogue", moment, check=gatekeeping.problems(moment),
                    apply=one_off_use.take if takes else None, mirror=one_off_use.give_back if takes else None,
                )
            )  # fmt: skip
        items.extend_items()
        licenses.extend_others()
        for screen in (items.CLASS_NODES, *licenses.ALL, *supply.ALL, prices.ADJUSTMENTS, prices.SALE_PRICES):
            screens.register(screen)
        menu.add(
            "logistics", "基础资料",
            menu.Item("扫码枪自检", icon="barcode", url_name="logistics.scanner", permission="logistics.item.view", order=200),
        )  # fmt: skip
