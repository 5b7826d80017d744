from django.apps import AppConfig


class BudgetConfig(AppConfig):
    name = "hrp.logistics.budget"
    label = "budget"
    verbose_name = "物资预算"

    def ready(self) -> None:
        from hrp.logistics import gates
        from hrp.logistics.budget import invariants, screens, spending
        from hrp.platform.access import permissions
        from hrp.platform.ui.screens import register

        for gate in spending.GATES:
            gates.register(gate)
        invariants.register_all()
        permissions.declare_all("logistics", screens.PERMISSIONS)
        for screen in screens.ALL:
            register(screen)
