from django.apps import AppConfig


class DisposalConfig(AppConfig):
    name = "hrp.assets.disposal"
    label = "disposal"
    verbose_name = "资产处置"

    def ready(self) -> None:
        from hrp.assets import gates
        from hrp.assets.disposal import invariants, parameters
        from hrp.assets.disposal.documents import gate
        from hrp.assets.disposal.documents.disposal_income import DisposalIncome
        from hrp.assets.disposal.documents.disposal_request import DisposalRequest, DisposalRequestLine
        from hrp.assets.disposal.screens import documents, registers
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import screens

        registry.register(DisposalRequest, DisposalRequestLine)
        registry.register(DisposalIncome, None)
        parameters.declare()
        invariants.register_all()
        permissions.declare_all("assets", registers.PERMISSIONS)
        gates.register(gate.GATE)
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
        for lookup in documents.LOOKUPS:
            screens.register_lookup(lookup)
        screens.extend("assets.asset", panels=(registers.HISTORY,))
