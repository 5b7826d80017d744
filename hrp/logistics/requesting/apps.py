from django.apps import AppConfig


class RequestingConfig(AppConfig):
    name = "hrp.logistics.requesting"
    label = "requesting"
    verbose_name = "申领"

    def ready(self) -> None:
        from hrp.logistics.labels import kinds
        from hrp.logistics.requesting import invariants, labelling, parameters
        from hrp.logistics.requesting.documents import budgeting, department_return, durables, serving
        from hrp.logistics.requesting.documents.department_return import (
            DepartmentReturn,
            DepartmentReturnLine,
        )
        from hrp.logistics.requesting.documents.durable_scrap import DurableScrap, DurableScrapLine
        from hrp.logistics.requesting.documents.requisition import Requisition, RequisitionLine
        from hrp.logistics.requesting.screens import documents, registers
        from hrp.logistics.requesting.selectors import deliveries
        from hrp.logistics.requesting.services import cards
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.ui import menu, screens

        registry.register(Requisition, RequisitionLine)
        registry.register(DepartmentReturn, DepartmentReturnLine)
        registry.register(DurableScrap, DurableScrapLine)
        parameters.declare()
        for part in (serving, durables, department_return, cards, budgeting):
            part.register()
        invariants.register_all()
        kinds.register(labelling.KIND)
        permissions.declare_all("logistics", registers.PERMISSIONS)
        for screen in (*documents.ALL, *registers.ALL):
            screens.register(screen)
        for lookup in (*documents.LOOKUPS, *registers.LOOKUPS):
            screens.register_lookup(lookup)
        signing = menu.Item(
            "科室签收", icon="signature", url_name="logistics.deliveries", permission=serving.SIGN,
            count=deliveries.unsigned_count, order=20,
        )  # fmt: skip
        menu.add("logistics", "申领", signing)
