"""The addresses of every declared screen, made from the registry."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, path

from hrp.platform.ui import dashboards, reports, screens
from hrp.platform.ui.screens import DocumentScreen, RegisterScreen
from hrp.platform.ui.views import advising, attachments, documents, imports, lists, prints, records, registers
from hrp.platform.ui.views.dashboards import DashboardPage
from hrp.platform.ui.views.reports import ReportPage, ReportPaper, ReportWorkbook


def _pages(screen: Any, rows: list[tuple[str, Any, str]]) -> list[URLPattern]:
    base = screen.base.lstrip("/")
    return [
        path(
            f"{base}{tail}".rstrip("/") if tail else base,
            view.as_view(screen=screen),
            name=f"{screen.key}.{name}",
        )
        for tail, view, name in rows
    ]


def of_document(screen: DocumentScreen) -> list[URLPattern]:
    advises = [("advise", advising.Advise, "advise")] if screen.advise is not None else []
    return _pages(
        screen,
        [
            *advises,
            ("", lists.ListPage, "list"),
            ("export", lists.ExportPage, "export"),
            ("bulk/<str:code>", lists.BulkActs, "bulk"),
            ("new", documents.DocumentPage, "new"),
            ("print", prints.PrintMany, "print_many"),
            ("<int:pk>", documents.DocumentPage, "detail"),
            ("<int:pk>/print", prints.PrintPage, "print"),
            ("<int:pk>/history", records.DocumentRecords, "history"),
            ("<int:pk>/panels/<str:key>", registers.PanelAdd, "panel"),
            ("<int:pk>/attachments", attachments.Upload, "attach"),
            ("<int:pk>/attachments/<int:file>", attachments.Download, "attachment"),
        ],
    )


def of_register(screen: RegisterScreen) -> list[URLPattern]:
    return _pages(
        screen,
        [
            ("", lists.ListPage, "list"),
            ("export", lists.ExportPage, "export"),
            ("import", imports.ImportPage, "import"),
            ("import/template", imports.TemplateFile, "import_template"),
            ("bulk/<str:code>", lists.BulkActs, "bulk"),
            ("act/<str:code>", registers.RegisterAct, "page_act"),
            ("new", registers.RegisterForm, "new"),
            ("<int:pk>", registers.RegisterPage, "detail"),
            ("<int:pk>/edit", registers.RegisterForm, "edit"),
            ("<int:pk>/switch", registers.RegisterToggle, "switch"),
            ("<int:pk>/act/<str:code>", registers.RegisterAct, "act"),
            ("<int:pk>/panels/<str:key>", registers.PanelAdd, "panel"),
        ],
    )


def patterns() -> list[URLPattern]:
    found: list[URLPattern] = [
        path(one.url.strip("/"), DashboardPage.as_view(dashboard=one), name=f"dashboard.{one.key}")
        for one in dashboards.registry
    ]
    for report in reports.registry:
        at = report.url.strip("/")
        found += [
            path(at, ReportPage.as_view(screen=report), name=f"{report.key}.report"),
            path(f"{at}/export", ReportWorkbook.as_view(screen=report), name=f"{report.key}.workbook"),
            path(f"{at}/print", ReportPaper.as_view(screen=report), name=f"{report.key}.paper"),
        ]
    for screen in screens.registry:
        found += of_document(screen) if isinstance(screen, DocumentScreen) else of_register(screen)
    return found
