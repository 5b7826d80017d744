from django.apps import AppConfig


class BinsConfig(AppConfig):
    name = "hrp.logistics.bins"
    label = "bins"
    verbose_name = "货位"

    def ready(self) -> None:
        from hrp.logistics.bins import invariants, labelling
        from hrp.logistics.bins.screens import registers
        from hrp.logistics.labels import kinds
        from hrp.platform.access import permissions
        from hrp.platform.ui import screens

        invariants.register_all()
        kinds.register(labelling.KIND)
        permissions.declare_all("logistics", registers.PERMISSIONS)
        for screen in registers.ALL:
            screens.register(screen)
        for lookup in registers.LOOKUPS:
            screens.register_lookup(lookup)
