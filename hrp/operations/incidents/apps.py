from django.apps import AppConfig


class IncidentsConfig(AppConfig):
    name = "hrp.operations.incidents"
    label = "incidents"
    verbose_name = "应急指挥"

    def ready(self) -> None:
        from hrp.operations.desk import panels
        from hrp.operations.desk.selectors import VIEW
        from hrp.operations.desk.views import acts as desk_acts
        from hrp.operations.incidents import acts, panel, proofs, selectors
        from hrp.operations.incidents import screens as own
        from hrp.platform.access import permissions
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu, screens

        permissions.declare_all("operations", own.PERMISSIONS)
        kinds.declare("operations.emergency", "紧急事件进展与催办", module="operations", mandatory=True)
        kinds.declare("operations.inquiry", "到场询问", module="operations")
        acts.register_all()
        desk_acts.lead_to("write_review", "operations.incident.review")
        desk_acts.lead_to("approve_review", "operations.incident.review")
        panels.register("incidents", panel.PANEL)
        proofs.register_all()
        for item in (
            menu.Item(
                "应急指挥",
                icon="urgent",
                url_name="operations.incident.list",
                permission=VIEW,
                count=selectors.open_count,
                order=10,
                alert=True,
            ),
            menu.Item(
                "改进措施",
                icon="list-check",
                url_name="operations.incident.actions",
                permission=VIEW,
                count=selectors.overdue_actions,
                order=20,
            ),
        ):
            menu.add("operations", "应急", item)
        screens.register(own.TRAVEL)
        screens.register(own.GATES)
