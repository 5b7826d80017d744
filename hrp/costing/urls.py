"""Addresses of the pages no declaration gives."""

from __future__ import annotations

from django.urls import URLPattern, path

from hrp.costing.views import cells, intake, reports

urlpatterns: list[URLPattern] = [
    path("reports/<str:number>/", reports.report, name="costing.report"),
    path("reports/<str:number>/xlsx", reports.workbook, name="costing.report.xlsx"),
    path("reports/<str:number>/pdf", reports.paper, name="costing.report.pdf"),
    path("runs/<int:run_id>/cell", cells.cell, name="costing.cell"),
    path("runs/<int:run_id>/certificate", cells.certificate, name="costing.certificate"),
    path("intake/", intake.page, name="costing.intake"),
    path("intake/template", intake.template_file, name="costing.intake.template"),
]
