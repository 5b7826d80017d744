from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.acceptance.view": "查看条款符合性与服务报告",
    "operations.acceptance.make": "生成服务报告",
    "operations.acceptance.sign": "代表本方签署服务报告",
}


class AcceptanceConfig(AppConfig):
    name = "hrp.operations.acceptance"
    label = "acceptance"
    verbose_name = "验收"

    def ready(self) -> None:
        from hrp.operations.acceptance.selectors import VIEW
        from hrp.platform.ui import menu

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        for title, icon, url_name, order in (
            ("条款符合性", "clipboard-check", "operations.clauses", 10),
            ("服务报告", "report", "operations.report.list", 20),
        ):
            item = menu.Item(title, icon=icon, url_name=url_name, permission=VIEW, order=order)
            menu.add("operations", "验收", item)
