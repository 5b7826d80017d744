"""The page of a declared dashboard."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View as Page

from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.dashboards import spans, view_of


class DashboardPage(Page):
    dashboard: Any = None

    def get(self, request: HttpRequest) -> HttpResponse:
        actor, dashboard = actor_of(request), self.dashboard
        scope.require(actor, dashboard.permission)
        view = view_of(request.GET.get("span", ""))
        context = {
            "page_title": dashboard.title,
            "dashboard": dashboard,
            "view": view,
            "spans": spans(clock.today()),
            "note": dashboard.note(actor, view) if dashboard.note else "",
            "kpis": [(kpi, kpi.value(actor, view)) for kpi in dashboard.kpis],
            "charts": [
                (chart, chart.data(actor, view), chart.more(actor) if chart.more else "")
                for chart in dashboard.charts
            ],
        }
        return render(request, "ui/dashboard.html", context)
