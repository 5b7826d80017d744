"""Addresses of high-value goods."""

from django.urls import path

from hrp.logistics.highvalue.views import charges, scanning, theatre, tracing

urlpatterns = [
    path("theatre", theatre.page, name="logistics.theatre"),
    path("theatre/use", theatre.use, name="logistics.theatre.use"),
    path("theatre/emergency", theatre.emergency, name="logistics.theatre.emergency"),
    path("theatre/uses/<int:pk>/cancel", theatre.cancel, name="logistics.theatre.cancel"),
    path("theatre/book", theatre.book, name="logistics.theatre.book"),
    path("theatre/sheet", theatre.sheet, name="logistics.theatre.sheet"),
    path("trace", tracing.search, name="logistics.trace"),
    path("trace/<int:pk>", tracing.unit, name="logistics.trace.unit"),
    path("trace/<int:pk>/print", tracing.paper, name="logistics.trace.paper"),
    path("patient-uses/<int:pk>/implant-card", tracing.implant_card, name="logistics.implant_card"),
    path("patient-uses/<int:pk>/c0022", tracing.record, name="logistics.use_record"),
    path("unit-labels", tracing.labels, name="logistics.unit_labels"),
    path("recall-report/<int:pk>", tracing.recall_report, name="logistics.recall_report"),
    path("unit-scans", scanning.page, name="logistics.unit_scan"),
    path("unit-scans/scan", scanning.scan, name="logistics.unit_scan.scan"),
    path("unit-scans/<int:pk>/drop", scanning.drop, name="logistics.unit_scan.drop"),
    path("charge-check", charges.page, name="logistics.charges"),
]
