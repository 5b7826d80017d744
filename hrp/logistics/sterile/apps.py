from django.apps import AppConfig


class SterileConfig(AppConfig):
    name = "hrp.logistics.sterile"
    label = "sterile"
    verbose_name = "消毒供应与试剂"

    def ready(self) -> None:
        from hrp.logistics.sterile import invariants, parameters
        from hrp.logistics.sterile.screens import packs, reagents
        from hrp.logistics.sterile.services import cycle
        from hrp.platform.access import permissions
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu, screens

        parameters.declare()
        invariants.register_all()
        kinds.declare("logistics.sterile", "消毒供应与试剂", module="logistics")
        permissions.declare_all("logistics", packs.PERMISSIONS | reagents.PERMISSIONS)
        menu.add(
            "logistics", packs.GROUP,
            menu.Item("消毒扫码工位", icon="scan", url_name="logistics.sterile", any_of=(cycle.WORK, cycle.USE), order=5),
        )  # fmt: skip
        for screen in (*packs.ALL, *reagents.ALL):
            screens.register(screen)
        for lookup in (*packs.LOOKUPS, *reagents.LOOKUPS):
            screens.register_lookup(lookup)
