from django.apps import AppConfig

from hrp.platform.access.permissions import declare

PERMISSIONS = {
    "operations.rating.view": "查看满意度评价",
    "operations.rating.give": "评价已关闭的工单（甲方）",
    "operations.rating.export": "导出满意度评价",
    "operations.survey.view": "查看满意度调查",
    "operations.survey.edit": "编制与发布满意度调查",
    "operations.survey.reply": "填写本科室的满意度调查（甲方）",
    "operations.survey.export": "导出满意度调查",
    "operations.enquiry.view": "查看咨询与建议",
    "operations.enquiry.ask": "提出咨询、疑问、建议与投诉",
    "operations.enquiry.answer": "答复咨询与建议、跟进投诉（乙方）",
    "operations.enquiry.judge": "认可或不认可答复（甲方）",
    "operations.enquiry.export": "导出咨询与建议",
}


class FeedbackConfig(AppConfig):
    name = "hrp.operations.feedback"
    label = "feedback"
    verbose_name = "满意度与建议"

    def ready(self) -> None:
        from hrp.operations.contracts import proofs as clauses
        from hrp.operations.contracts import scoping
        from hrp.operations.desk import panels
        from hrp.operations.desk.views import acts
        from hrp.operations.feedback import proofs, screens, selectors
        from hrp.operations.feedback.views import RATE
        from hrp.platform.notify import kinds
        from hrp.platform.ui import menu
        from hrp.platform.ui import screens as declared

        for code, title in PERMISSIONS.items():
            declare(code, title, module="operations")
        for screen in screens.ALL:
            declared.register(screen)
        menu.add(
            "operations",
            "反馈",
            menu.Item(
                "咨询与建议",
                icon="message-question",
                url_name="operations.enquiry.list",
                permission=selectors.ENQUIRY,
                count=selectors.waiting_count,
                order=5,
            ),
        )
        acts.register(RATE, main=True)
        panels.register("feedback", panels.Panel("feedback/parts/ticket.html", screens.rating_panel))
        clauses.register("AC-17", proofs.prove_answers)
        scoping.register("enquiries", scoping.Source("咨询与建议", proofs.marked, "/operations/enquiries/"))
        kinds.declare("operations.enquiry", "咨询与建议", module="operations")
