from django.apps import AppConfig

PERMISSIONS = {
    "operations.plan.view": "查看应急预案",
    "operations.plan.edit": "拟订应急预案、答复修订请求（乙方）",
    "operations.plan.sign": "代表本方签署应急预案",
    "operations.plan.request": "请求修订应急预案（甲方）",
}


class EmergencyConfig(AppConfig):
    name = "hrp.operations.emergency"
    label = "emergency"
    verbose_name = "应急预案"

    def ready(self) -> None:
        from hrp.operations.contracts import selectors as contracts
        from hrp.operations.emergency import proofs
        from hrp.operations.emergency import screens as own
        from hrp.operations.emergency.selectors import VIEW, waiting_for
        from hrp.platform.access import permissions
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu, screens

        permissions.declare_all("operations", {**PERMISSIONS, **own.PERMISSIONS})
        kinds.declare("operations.plan", "应急预案", module="operations")
        proofs.register_all()
        menu.add(
            "operations",
            "应急",
            menu.Item(
                "应急预案",
                icon="shield-check",
                url_name="operations.plan.list",
                permission=VIEW,
                count=lambda actor: waiting_for(actor, contracts.side_of(actor)),
                order=30,
            ),
        )
        screens.register(own.DRILLS)
