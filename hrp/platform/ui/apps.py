from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "hrp.platform.ui"
    label = "ui"
    verbose_name = "界面"

    def ready(self) -> None:
        from hrp.platform.access import permissions
        from hrp.platform.ui import screens
        from hrp.platform.ui.own import (
            approvals,
            channels,
            journal,
            organisation,
            overview,
            parameters,
            partners,
            people,
            trail,
            workbench,
        )

        permissions.declare_all("ledger", journal.PERMISSIONS)
        permissions.declare_all("documents", approvals.PERMISSIONS)
        permissions.declare_all("ledger", overview.PERMISSIONS)
        permissions.declare_all("system", channels.PERMISSIONS)
        permissions.declare_all("system", partners.PERMISSIONS)
        for lookup in approvals.LOOKUPS:
            screens.register_lookup(lookup)
        workbench.register()
        overview.register()
        parameters.register()
        for screen in (
            *journal.ALL,
            *approvals.ALL,
            *organisation.ALL,
            *people.ALL,
            *channels.ALL,
            *partners.ALL,
            *trail.ALL,
        ):
            screens.register(screen)
