from django.apps import AppConfig

PERMISSIONS = {
    "operations.cti.post": "推送话务事件（话务系统）",
    "operations.cti.setup": "发放话务接口密钥",
    "operations.call.view": "查看来电记录",
    "operations.call.export": "导出来电记录",
    "operations.call.handle": "处理来电弹屏",
    "operations.call.import": "导入话单",
    "operations.mail.view": "查看邮件收取",
    "operations.mail.handle": "分拣邮件",
    "operations.mail.export": "导出邮件记录",
    "operations.mailbox.view": "查看报修邮箱",
    "operations.mailbox.edit": "设置报修邮箱",
    "operations.mailbox.export": "导出报修邮箱",
    "operations.intake_contact.view": "查看报修联系人",
    "operations.intake_contact.edit": "维护报修联系人",
    "operations.intake_contact.import": "导入报修联系人",
    "operations.intake_contact.export": "导出报修联系人",
}


class IntakeConfig(AppConfig):
    name = "hrp.operations.intake"
    label = "intake"
    verbose_name = "报修受理"

    def ready(self) -> None:
        from hrp.operations.desk import panels
        from hrp.operations.desk.panels import Panel
        from hrp.operations.desk.views import acts as desk
        from hrp.operations.intake import selectors
        from hrp.operations.intake.screens import ALL
        from hrp.operations.intake.views import acts, tools
        from hrp.platform.access.permissions import declare
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu, screens, slots

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        kinds.declare("operations.intake", "来电与邮件", module="operations", mandatory=True)
        for act in acts.ACTS:
            desk.register(act)
        panels.register("intake", Panel("intake/parts/panel.html", acts.panel))
        slots.register_tool("report", slots.Tool("intake/parts/tool.html"))
        slots.register_tool("calls", slots.Tool("intake/parts/popup_tool.html", shown=tools.takes_calls))
        for screen in ALL:
            screens.register(screen)
        counts = {
            "operations.call.list": selectors.calls_to_write,
            "operations.mail.list": selectors.to_triage,
        }
        for title, icon, url, permission, order in (
            ("来电记录", "phone-incoming", "operations.call.list", selectors.VIEW_CALLS, 40),
            ("邮件收取", "mail", "operations.mail.list", selectors.VIEW_MAILS, 50),
        ):
            menu.add(
                "operations",
                "报修受理",
                menu.Item(
                    title, icon=icon, url_name=url, permission=permission, count=counts[url], order=order
                ),
            )
