from django.apps import AppConfig


class AcquisitionConfig(AppConfig):
    name = "hrp.assets.acquisition"
    label = "acquisition"
    verbose_name = "资产购置"

    def ready(self) -> None:
        from hrp.assets.acquisition import invariants, parameters
        from hrp.assets.acquisition.documents import acceptance, contract, payment, plan, purchase, request
        from hrp.assets.acquisition.screens import acceptances, purchases, registers, requests
        from hrp.assets.acquisition.services.reminders import KIND
        from hrp.platform.access import permissions
        from hrp.platform.documents import registry
        from hrp.platform.notify import kinds
        from hrp.platform.ui import screens

        registry.register(request.AcquisitionRequest, request.AcquisitionRequestLine)
        registry.register(plan.AcquisitionPlan, plan.AcquisitionPlanLine)
        registry.register(purchase.AcquisitionPurchase, purchase.AcquisitionPurchaseLine)
        registry.register(contract.AcquisitionContract, contract.AcquisitionContractLine)
        registry.register(acceptance.AcquisitionAcceptance, acceptance.AcquisitionAcceptanceLine)
        registry.register(payment.AcquisitionPayment, None)
        parameters.declare()
        invariants.register_all()
        kinds.declare(KIND, "资产购置", module="assets")
        for declared in (requests, purchases, acceptances, registers):
            permissions.declare_all("assets", declared.PERMISSIONS)
        for room in (requests, purchases, acceptances):
            for screen in room.ALL:
                screens.register(screen)
            for lookup in room.LOOKUPS:
                screens.register_lookup(lookup)
        for register in registers.ALL:
            screens.register(register)
        screens.extend("assets.asset", panels=(acceptances.HISTORY,))
