from django.apps import AppConfig


class StocktakingConfig(AppConfig):
    name = "hrp.assets.stocktaking"
    label = "stocktaking"
    verbose_name = "资产盘点"

    def ready(self) -> None:
        from hrp.assets import gates, sightings
        from hrp.assets.stocktaking import invariants, parameters, selectors
        from hrp.assets.stocktaking.documents import pending
        from hrp.assets.stocktaking.documents.loss_decision import LossDecision, LossDecisionLine
        from hrp.assets.stocktaking.screens import documents, registers
        from hrp.assets.stocktaking.services import finding, labels
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import menu, screens

        registry.register(LossDecision, LossDecisionLine)
        parameters.declare()
        invariants.register_all()
        permissions.declare_all("assets", registers.PERMISSIONS)
        sightings.register(selectors.SCANS)
        for gate in pending.GATES:
            gates.register(gate)
        for screen in (*registers.ALL, *documents.ALL):
            screens.register(screen)
        card = screens.registry["assets.asset"]
        screens.extend("assets.asset", panels=(registers.HISTORY,), outputs=(*card.outputs, registers.LABEL))
        menu.add(
            "assets",
            "盘点",
            menu.Item(
                "手机盘点", icon="device-mobile", url_name="assets.hand", permission=finding.WORK, order=25
            ),
        )
        menu.add(
            "assets",
            "资产台账",
            menu.Item("打印标签", icon="qrcode", url_name="assets.labels", permission=labels.PRINT, order=30),
        )
