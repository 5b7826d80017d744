from django.apps import AppConfig


class CostingConfig(AppConfig):
    name = "hrp.costing"
    label = "costing"
    verbose_name = "成本核算"

    def ready(self) -> None:
        from hrp.costing import invariants, measures
        from hrp.costing.documents.allocation_run import AllocationRun
        from hrp.costing.documents.cost_entry import CostEntry, CostEntryLine
        from hrp.costing.documents.stat_entry import StatEntry, StatEntryLine
        from hrp.costing.rules import worked_cases
        from hrp.costing.screens import documents, menus, registers
        from hrp.costing.selectors import runs
        from hrp.costing.services import intake
        from hrp.platform.access import permissions
        from hrp.platform.base import verify
        from hrp.platform.documents import registry
        from hrp.platform.ui import screens

        verify.register("costing", "largest_remainder", worked_cases.solve_largest_remainder)
        verify.register("costing", "step_down", worked_cases.solve_step_down)
        verify.register("costing", "three_level", worked_cases.solve_three_level)
        verify.register("costing", "three_level_fen", worked_cases.solve_three_level_fen)
        measures.register_all()
        registry.register(CostEntry, CostEntryLine)
        registry.register(StatEntry, StatEntryLine)
        registry.register(AllocationRun, None)
        permissions.declare(intake.PERMISSION, "导入成本数据", module="costing")
        permissions.declare(runs.VIEW, "查看成本报表", module="costing")
        permissions.declare(runs.EXPORT, "导出成本报表", module="costing")
        permissions.declare_all("costing", registers.PERMISSIONS)
        invariants.register_all()
        for lookup in registers.LOOKUPS:
            screens.register_lookup(lookup)
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
        menus.register_all()
