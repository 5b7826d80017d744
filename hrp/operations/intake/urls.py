"""Addresses of intake."""

from django.urls import path

from hrp.operations.intake.views import calls, cti, mails, reports

urlpatterns = [
    path("cti/events", cti.events, name="operations.cti.events"),
    path("calls/popup", calls.popup, name="operations.call.popup"),
    path("calls/records", calls.import_records, name="operations.call.records"),
    path("calls/records/template", calls.sheet, name="operations.call.records_template"),
    path("calls/<int:pk>/ticket", calls.register, name="operations.call.register"),
    path("calls/<int:pk>/tickets/<int:ticket>", calls.attach, name="operations.call.attach"),
    path("mails/<int:pk>/ticket", mails.register, name="operations.mail.register"),
    path("mails/<int:pk>/files/<int:file>", mails.file, name="operations.mail.file"),
    path("report", reports.report, name="operations.report"),
    path("report/<int:pk>/called", reports.called, name="operations.report.called"),
    path("reports", reports.mine, name="operations.report.mine"),
]
