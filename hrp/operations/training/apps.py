from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.training.view": "查看培训与教材",
    "operations.training.edit": "安排培训、登记签到、出题",
    "operations.training.attend": "参加培训：签到、测验、评价",
    "operations.training.export": "导出培训与教材列表",
}


class TrainingConfig(AppConfig):
    name = "hrp.operations.training"
    label = "training"
    verbose_name = "维护培训"

    def ready(self) -> None:
        from hrp.operations.contracts import proofs as clauses
        from hrp.operations.contracts import scoping
        from hrp.operations.training import proofs
        from hrp.operations.training.screens import ALL
        from hrp.platform.ui import screens

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        for screen in ALL:
            screens.register(screen)
        clauses.register("AC-18", proofs.prove_audiences)
        scoping.register("trainings", scoping.Source("培训", proofs.marked, "/operations/trainings/"))
