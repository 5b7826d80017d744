from django.apps import AppConfig


class DutyConfig(AppConfig):
    name = "hrp.operations.duty"
    label = "duty"
    verbose_name = "值班"

    def ready(self) -> None:
        from hrp.operations.duty import proofs, selectors
        from hrp.operations.duty.screens import PEOPLE, PERMISSIONS, SUPPLIER_USERS
        from hrp.platform.access.permissions import declare
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu, screens

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        kinds.declare("operations.page", "值班呼叫", module="operations", mandatory=True)
        kinds.declare("operations.duty", "值班与换班", module="operations")
        proofs.register()
        screens.register_lookup(SUPPLIER_USERS)
        screens.register(PEOPLE)
        for item in (
            menu.Item(
                "值班表",
                icon="calendar-week",
                url_name="operations.duty",
                permission=selectors.VIEW,
                count=selectors.hole_count,
                order=10,
            ),
            menu.Item(
                "我的值班",
                icon="user-check",
                url_name="operations.duty.mine",
                permission=selectors.VIEW,
                order=20,
            ),
            menu.Item(
                "呼叫记录",
                icon="bell-ringing",
                url_name="operations.paging",
                permission=selectors.VIEW,
                count=selectors.unanswered_count,
                order=30,
            ),
            menu.Item(
                "联系核验",
                icon="phone-check",
                url_name="operations.contacts",
                permission=selectors.VIEW,
                order=50,
            ),
        ):
            menu.add("operations", "值班", item)
