from django.apps import AppConfig


class LeasingConfig(AppConfig):
    name = "hrp.assets.leasing"
    label = "leasing"
    verbose_name = "资产租赁"

    def ready(self) -> None:
        from hrp.assets import gates
        from hrp.assets.leasing import invariants, parameters
        from hrp.assets.leasing.documents.rent_income import RentIncome
        from hrp.assets.leasing.documents.rent_out import RentOut, RentOutLine
        from hrp.assets.leasing.screens import documents, registers
        from hrp.assets.leasing.services.gate import GATES
        from hrp.assets.leasing.services.reminders import KIND
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.notify import kinds
        from hrp.platform.ui import screens

        registry.register(RentOut, RentOutLine)
        registry.register(RentIncome, None)
        parameters.declare()
        invariants.register_all()
        kinds.declare(KIND, "资产租赁", module="assets")
        permissions.declare_all("assets", documents.PERMISSIONS | registers.PERMISSIONS)
        for gate in GATES:
            gates.register(gate)
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
        for lookup in documents.LOOKUPS:
            screens.register_lookup(lookup)
        screens.extend("assets.asset", panels=(documents.CARD_PANEL,))
