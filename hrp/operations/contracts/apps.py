from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.contract.view": "查看运维合同",
    "operations.contract.edit": "登记合同、版本与人员",
    "operations.contract.sign": "代表本方签署合同版本与释义",
}


class ContractsConfig(AppConfig):
    name = "hrp.operations.contracts"
    label = "contracts"
    verbose_name = "运维合同"

    def ready(self) -> None:
        from hrp.operations.contracts import proofs, scoping, years
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu

        # the desk stands first in the menu, though what it stands on is loaded before it
        menu.systems["operations"].groups.setdefault("服务台", [])
        proofs.register("AC-01", scoping.prove)
        proofs.register("AC-02", years.prove)
        kinds.declare("operations.contract", "合同到期提醒", module="operations", mandatory=True)
        menu.arrange("operations", "服务台", "应急", "合同", "验收")
        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
