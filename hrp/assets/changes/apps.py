from django.apps import AppConfig


class ChangesConfig(AppConfig):
    name = "hrp.assets.changes"
    label = "changes"
    verbose_name = "资产变更"

    def ready(self) -> None:
        from hrp.assets.changes import invariants
        from hrp.assets.changes.documents.merge import Merge, MergeLine
        from hrp.assets.changes.documents.reclassification import Reclassification, ReclassificationLine
        from hrp.assets.changes.documents.relocation import Relocation, RelocationLine
        from hrp.assets.changes.documents.split import Split, SplitLine
        from hrp.assets.changes.screens import documents
        from hrp.assets.changes.services import handing
        from hrp.assets.selectors import month_checks
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import menu, screens

        registry.register(Split, SplitLine)
        registry.register(Merge, MergeLine)
        registry.register(Reclassification, ReclassificationLine)
        registry.register(Relocation, RelocationLine)
        month_checks.watch(Split, Merge, Reclassification)
        invariants.register_all()
        permissions.declare_all("assets", documents.PERMISSIONS)
        for screen in documents.ALL:
            screens.register(screen)
        for lookup in documents.LOOKUPS:
            screens.register_lookup(lookup)
        screens.extend("assets.asset", actions=documents.CARD_ACTIONS)
        screens.extend("assets.asset_transfer", panels=(documents.TAKEN,))
        menu.add(
            "assets", "资产业务",
            menu.Item("扫码签收", icon="qrcode", url_name="assets.handover", permission=handing.RECEIVE, order=34),
        )  # fmt: skip
