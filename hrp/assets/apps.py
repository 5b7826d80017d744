from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "hrp.assets"
    label = "assets"
    verbose_name = "固定资产管理"

    def ready(self) -> None:
        from hrp.assets import invariants, kernels, parameters
        from hrp.assets.documents.asset_transfer import AssetTransfer, AssetTransferLine
        from hrp.assets.documents.booking import Booking, BookingLine
        from hrp.assets.documents.depreciation_run import DepreciationRun
        from hrp.assets.documents.revision import Revision, RevisionLine
        from hrp.assets.documents.write_off import WriteOff, WriteOffLine
        from hrp.assets.screens import documents, registers
        from hrp.assets.selectors import month_checks
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.org import parameters as business
        from hrp.platform.ui import menu, screens

        business.declare(*parameters.SPECS)
        registry.register(Booking, BookingLine)
        registry.register(Revision, RevisionLine)
        registry.register(AssetTransfer, AssetTransferLine)
        registry.register(WriteOff, WriteOffLine)
        registry.register(DepreciationRun, None)
        month_checks.watch(Booking, Revision, AssetTransfer, WriteOff)
        invariants.register_all()
        kernels.register_all()
        permissions.declare_all("assets", registers.PERMISSIONS)
        menu.arrange(
            "assets", "资产台账", "购置", "资产业务", "折旧", "设备运维", "盘点", "处置", "报表", "基础资料"
        )
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
        for lookup in documents.LOOKUPS:
            screens.register_lookup(lookup)
