from django.apps import AppConfig


class HighvalueConfig(AppConfig):
    name = "hrp.logistics.highvalue"
    label = "highvalue"
    verbose_name = "高值耗材"

    def ready(self) -> None:
        from hrp.logistics.highvalue import invariants, labelling, parameters, selectors
        from hrp.logistics.highvalue.documents.consign_in import ConsignIn, ConsignInLine
        from hrp.logistics.highvalue.documents.consign_out import ConsignOut, ConsignOutLine
        from hrp.logistics.highvalue.documents.consign_statement import ConsignStatement, ConsignStatementLine
        from hrp.logistics.highvalue.documents.operation_request import OperationRequest, OperationRequestLine
        from hrp.logistics.highvalue.documents.use_booking import UseBooking, UseBookingLine
        from hrp.logistics.highvalue.documents.use_settlement import UseSettlement, UseSettlementLine
        from hrp.logistics.highvalue.pieces import following
        from hrp.logistics.highvalue.screens import documents, lookups, menu, recalls, registers
        from hrp.logistics.highvalue.services import charging, settling
        from hrp.logistics.labels import kinds as labels
        from hrp.logistics.purchasing.selectors import scores
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.exchange.messages import outbound
        from hrp.platform.notify import kinds
        from hrp.platform.ui import screens

        for model, line in (
            (ConsignIn, ConsignInLine),
            (ConsignOut, ConsignOutLine),
            (ConsignStatement, ConsignStatementLine),
            (OperationRequest, OperationRequestLine),
            (UseBooking, UseBookingLine),
            (UseSettlement, UseSettlementLine),
        ):
            registry.register(model, line)
        parameters.declare()
        invariants.register_all()
        labels.register(labelling.KIND)
        following.register_gates()
        settling.register_all()
        scores.recalled.register("highvalue", selectors.recalls_by_supplier)
        outbound.on_answer(charging.CHARGE, charging.heard)
        outbound.on_given_up(charging.CHARGE, charging.heard)
        kinds.declare("logistics.highvalue", "高值耗材", module="logistics")
        kinds.declare("logistics.recall", "召回与不良事件", module="logistics", mandatory=True)
        permissions.declare_all("logistics", registers.PERMISSIONS | recalls.PERMISSIONS)
        menu.register()
        for screen in (*documents.ALL, *registers.ALL, *recalls.ALL):
            screens.register(screen)
        for lookup in lookups.ALL:
            screens.register_lookup(lookup)
