"""Importing a register from a sheet: template, preview with every bad cell named, then all or nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from hrp.platform.access import scope
from hrp.platform.base.refusals import Conflict, Invalid, NotFound, Refusal
from hrp.platform.exchange.services import imports as runs
from hrp.platform.exchange.sheets import template
from hrp.platform.ui import sheets
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views.lists import ScreenView

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class _Import(ScreenView):
    def allow(self, request: HttpRequest) -> None:
        scope.require(actor_of(request), self.code(request, "import"))
        if self.register is None or not self.screen.fields or not self.screen.editable:
            raise NotFound(_("{title}不能导入。").format(title=self.screen.title), way_out=_("请逐条录入。"))


class TemplateFile(_Import):
    """The empty template, and with ``run`` the person's own sheet with its problems written in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        self.allow(request)
        actor = actor_of(request)
        spec = sheets.spec_of(self.screen, actor)
        run = request.GET.get("run", "")
        if run.isdigit():
            content, name = runs.error_workbook(actor=actor, run_id=int(run), spec=spec), "problems.xlsx"
        else:
            content, name = template(spec), f"{self.screen.key.replace('.', '_')}.xlsx"
        response = HttpResponse(content, content_type=XLSX)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class ImportPage(_Import):
    def get(self, request: HttpRequest) -> HttpResponse:
        self.allow(request)
        return self._page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        self.allow(request)
        actor = actor_of(request)
        spec = sheets.spec_of(self.screen, actor)
        run_id = request.POST.get("run", "")
        try:
            if run_id.isdigit() and request.POST.get("step") == "commit":
                run = runs.commit(
                    actor=actor,
                    run_id=int(run_id),
                    spec=spec,
                    apply=sheets.apply(self.screen, actor),
                    confirm_repeat=request.POST.get("again") == "1",
                )
                messages.success(request, _("已导入 {count} 行").format(count=run.row_count))
                return redirect(self.address("list"))
            if run_id.isdigit():
                runs.discard(actor=actor, run_id=int(run_id))
                return redirect(self.address("import"))
            given = _file_of(request)
            run, _found = runs.preview(actor=actor, spec=spec, file=given, name=given.name or "")
        except (Invalid, Conflict) as refusal:
            shown = runs.own_run(actor=actor, run_id=int(run_id)) if run_id.isdigit() else None
            return self._page(request, shown, refusal)
        return self._page(request, run)

    def _page(self, request: HttpRequest, run: Any = None, refusal: Refusal | None = None) -> HttpResponse:
        spec = sheets.spec_of(self.screen, actor_of(request))
        context = {
            "screen": self.screen,
            "page_title": _("导入{title}").format(title=self.screen.title),
            "crumb_title": self.screen.title,
            "list_url": self.address("list"),
            "columns": spec.columns,
            "run": run,
            "rows": [
                (row["row"], [row["values"].get(column.key, "") for column in spec.columns])
                for row in (run.sample if run else [])
            ],
            "repeat": runs.earlier(run) if run is not None and not run.problem_count else None,
            "refusal": refusal,
        }
        return render(request, "ui/import.html", context, status=refusal.status if refusal else 200)


def _file_of(request: HttpRequest) -> Any:
    given = request.FILES.get("file")
    if given is None:
        raise Invalid(_("没有选择文件。"), way_out=_("请选择填写好的模板文件。"))
    return given
