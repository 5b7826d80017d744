from django.apps import AppConfig


class ConstructionConfig(AppConfig):
    name = "hrp.assets.construction"
    label = "construction"
    verbose_name = "在建工程"

    def ready(self) -> None:
        from hrp.assets import gates
        from hrp.assets.construction import invariants
        from hrp.assets.construction.documents.construction_cost import (
            ConstructionCost,
            ConstructionCostLine,
        )
        from hrp.assets.construction.screens import registers
        from hrp.assets.construction.services.gate import GATES
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import screens

        registry.register(ConstructionCost, ConstructionCostLine)
        invariants.register_all()
        permissions.declare_all("assets", registers.PERMISSIONS)
        for gate in GATES:
            gates.register(gate)
        screens.register(registers.PROJECTS)
        screens.register(registers.COSTS)
