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
        from hrp.platform.ui import menu

        menu.arrange("operations", "服务台", "应急", "合同")
        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
