from django.apps import AppConfig


class EquipmentConfig(AppConfig):
    name = "hrp.assets.equipment"
    label = "equipment"
    verbose_name = "设备运维"

    def ready(self) -> None:
        from hrp.assets import gates, sightings
        from hrp.assets.equipment import invariants, parameters
        from hrp.assets.equipment.screens import (
            benefit,
            care,
            contracts,
            menu,
            metrology,
            panels,
            repairs,
            reports,
            safety,
        )
        from hrp.assets.equipment.selectors.sightings import SOURCES
        from hrp.assets.equipment.services.gate import GATES
        from hrp.assets.equipment.services.telling import KIND
        from hrp.platform.access import permissions
        from hrp.platform.notify import kinds
        from hrp.platform.ui import reports as shown
        from hrp.platform.ui import screens

        parameters.declare()
        invariants.register_all()
        for gate in GATES:
            gates.register(gate)
        for source in SOURCES:
            sightings.register(source)
        kinds.declare(KIND, "设备运维", module="assets")
        for declared in (repairs, care, metrology, contracts, safety, benefit, reports):
            permissions.declare_all("assets", declared.PERMISSIONS)
        menu.register()
        screens.register(repairs.REPAIRS)
        screens.register_lookup(repairs.ENGINEERS)
        for room in (care, metrology, contracts, safety, benefit):
            for screen in room.ALL:
                screens.register(screen)
        for report in reports.ALL:
            shown.register(report)
        cards = screens.registry["assets.asset"]
        screens.extend(
            "assets.asset",
            panels=panels.PANELS,
            actions=panels.ACTIONS,
            outputs=(*cards.outputs, *panels.OUTPUTS),
        )
