from django.apps import AppConfig


class PurchasingConfig(AppConfig):
    name = "hrp.logistics.purchasing"
    label = "purchasing"
    verbose_name = "采购"

    def ready(self) -> None:
        from hrp.logistics import gates
        from hrp.logistics.purchasing import at_receipt, budgeting, invariants, menus, terms
        from hrp.logistics.purchasing.documents.delivery_note import DeliveryNote, DeliveryNoteLine
        from hrp.logistics.purchasing.documents.inspection import Inspection, InspectionLine
        from hrp.logistics.purchasing.documents.purchase_order import PurchaseOrder, PurchaseOrderLine
        from hrp.logistics.purchasing.documents.purchase_plan import PurchasePlan, PurchasePlanLine
        from hrp.logistics.purchasing.documents.supplier_return import SupplierReturn, SupplierReturnLine
        from hrp.logistics.purchasing.screens import DOCUMENTS, LOOKUPS, PERMISSIONS, REGISTERS
        from hrp.logistics.purchasing.services import portal
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.org import parameters
        from hrp.platform.ui import screens

        parameters.declare(*terms.SPECS)
        gates.register(at_receipt.GATE)
        budgeting.register()
        gates.know_orders("purchasing", at_receipt.on_order)
        registry.register(PurchasePlan, PurchasePlanLine)
        registry.register(PurchaseOrder, PurchaseOrderLine)
        registry.register(DeliveryNote, DeliveryNoteLine)
        registry.register(Inspection, InspectionLine)
        registry.register(SupplierReturn, SupplierReturnLine)
        invariants.register_all()
        portal.register()
        permissions.declare_all("logistics", PERMISSIONS)
        menus.register()
        for screen in (*DOCUMENTS, *REGISTERS):
            screens.register(screen)
        for lookup in LOOKUPS:
            screens.register_lookup(lookup)
