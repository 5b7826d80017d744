"""The list page of a declared screen, its export and the acts on ticked rows."""

from __future__ import annotations

import io
from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views import View

from hrp.platform.access import permissions, scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, Refusal
from hrp.platform.documents import posting, registry, services
from hrp.platform.documents.models import State
from hrp.platform.ui import columns as cols
from hrp.platform.ui import filters, inputs, papers, reach
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.exports import DIRECT_ROWS, sheet_columns, write_table
from hrp.platform.ui.middleware import from_database
from hrp.platform.ui.screens import Action, DocumentScreen, Filter, RegisterScreen, Tab
from hrp.platform.ui.tables import SIZES, Table
from hrp.platform.ui.views.errors import is_fragment

MOST_TICKED = 200

DOCUMENT_FILTERS = (
    Filter("number", "单据编号", "text", ("number__icontains", "note__icontains"), placeholder="单号 / 备注"),
    Filter("business_date", "业务日期", "date_range"),
    Filter("org_unit"),
    Filter("total", "金额", "number_range"),
    Filter("maker", "制单人", "text", ("maker__display_name__icontains", "maker__pinyin__istartswith"), placeholder="姓名 / 拼音码"),
)  # fmt: skip
STATE_TABS = tuple(Tab(state.value, str(state.label), {"state": state.value}) for state in State)


class ScreenView(View):
    """Base of every page of a declared screen."""

    screen: Any = None

    @property
    def document(self) -> DocumentScreen | None:
        return self.screen if isinstance(self.screen, DocumentScreen) else None

    @property
    def register(self) -> RegisterScreen | None:
        return self.screen if isinstance(self.screen, RegisterScreen) else None

    @property
    def model(self) -> Any:
        if self.document is not None:
            return registry.types[self.screen.kind].model
        return self.screen.model

    def address(self, page: str, **kwargs: Any) -> str:
        return reverse(f"{self.screen.key}.{page}", kwargs=kwargs or None)

    def rows(self, request: HttpRequest, act: str = "view") -> QuerySet[Any]:
        """What this person may see, or ``act`` upon."""
        found = papers.visible if self.document is not None else reach.visible
        return found(self.screen, actor_of(request), act)

    def where(self, request: HttpRequest, found: QuerySet[Any], act: str) -> QuerySet[Any]:
        """Those of the rows that lie where this person may ``act`` as well."""
        actor, code = actor_of(request), self.code(request, act)
        if self.document is not None:
            return scope.filter(actor, code, found)
        return reach.narrowed(self.screen, actor, code, found)

    def table(self, request: HttpRequest, *, size: int = 0, also: str = "") -> Table:
        """The list as it was asked for; ``also`` is an act whose permission narrows it further."""
        screen, model = self.screen, self.model
        preferences = actor_of(request).preferences or {}
        declared = screen.filters or (DOCUMENT_FILTERS if self.document else ())
        return Table(
            model=model,
            base=self.where(request, self.rows(request), also) if also else self.rows(request),
            columns=cols.bind(model, screen.columns),
            given=request.GET,
            actor=request.user,
            filters=filters.bind(model, declared),
            tabs=STATE_TABS if self.document else screen.tabs,
            ordering=("-business_date",) if self.document else screen.ordering,
            preference=preferences.get("columns", {}).get(screen.key),
            href=lambda obj: f"{screen.base}{obj.pk}",
            fixed_size=size,
        )

    def code(self, request: HttpRequest, act: str) -> str:
        """The permission of an act; exporting and importing without one of their own go with viewing and editing."""
        without_own = {"export": "view", "import": "edit", "print": "view"}
        if act in without_own and self.screen.code(act) not in permissions.registry:
            act = without_own[act]
        return reach.code_of(self.screen, actor_of(request), act)

    def may(self, request: HttpRequest, act: str) -> bool:
        return scope.has(actor_of(request), self.code(request, act))


class ListPage(ScreenView):
    """Query card, status tabs, toolbar, table, pager; a fragment when htmx asks for one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        table = self.table(request)
        page_actions = [
            {"code": a.code, "title": a.title, "icon": a.icon, "style": a.style, "confirm": a.confirm,
             "url": f"{self.screen.base}act/{a.code}", "inputs": inputs.asked(a.model or self.model, a.fields, request.user, place=a.code)}
            for a in self._actions(request, ("page",))
        ]  # fmt: skip
        context = {
            "screen": self.screen,
            "page_title": self.screen.title,
            "table": table,
            "is_document": self.document is not None,
            "may": {act: self.may(request, act) for act in ("edit", "approve", "post", "print", "export")},
            "creatable": self.screen.creatable and self.may(request, "edit") and self._editable(),
            "list_url": self.address("list"),
            "list_actions": self._actions(request, ("list", "both")),
            "page_actions": page_actions,
            "sizes": SIZES,
            "column_choices": [(column, column in table.shown) for column in table.columns],
            "importable": self._importable(request),
        }
        fragment = is_fragment(request) and request.headers.get("HX-Target", "").endswith("#list")
        response = render(request, "ui/parts/list.html" if fragment else "ui/list.html", context)
        response["Vary"] = "HX-Request, HX-Request-Type, HX-Target"
        return response

    def _importable(self, request: HttpRequest) -> bool:
        return (
            self.register is not None
            and self._editable()
            and self.screen.creatable
            and self.may(request, "import")
        )

    def _editable(self) -> bool:
        return self.document is not None or bool(self.screen.editable and self.screen.fields)

    def _actions(self, request: HttpRequest, places: tuple[str, ...]) -> list[Action]:
        return [
            action
            for action in self.screen.actions
            if action.place in places
            and (not action.permission or scope.has(actor_of(request), action.permission))
        ]


class ExportPage(ScreenView):
    """The present filter as a workbook."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        scope.require(actor_of(request), self.code(request, "export"))
        table = self.table(request, also="export")
        if table.total > DIRECT_ROWS:
            raise Invalid(
                _("符合条件的有 {count} 行，一次最多导出 {most} 行。").format(
                    count=table.total_words, most=DIRECT_ROWS
                ),
                way_out=_("请缩小日期或其他条件后分次导出。"),
            )
        stream = io.BytesIO()
        write_table(table, title=self.screen.title, columns=sheet_columns(table), stream=stream)
        stream.seek(0)
        name = f"{self.screen.title}_{clock.local(clock.now()):%Y%m%d_%H%M}.xlsx"
        return FileResponse(stream, as_attachment=True, filename=name)


class BulkActs(ScreenView):
    """One act on each ticked row, each in its own transaction: what could be done is done, the rest is told."""

    def post(self, request: HttpRequest, code: str) -> HttpResponse:
        seen = self.rows(request, "print" if self.document is not None and code == "print" else "view")
        ids = [int(text) for text in request.POST.getlist("row") if text.isdigit()]
        if not ids:
            raise Invalid(_("没有勾选任何一行。"), way_out=_("请先勾选要处理的行。"))
        if len(ids) > MOST_TICKED:
            raise Invalid(_("一次最多处理 {most} 行。").format(most=MOST_TICKED), way_out=_("请分批勾选。"))
        if self.document is not None and code == "print":
            return redirect(f"{self.address('print_many')}?{urlencode([('id', pk) for pk in ids])}")
        found = seen.in_bulk(ids)
        done, refused = 0, []
        for pk in ids:
            obj = found.get(pk)
            if obj is None:
                continue
            try:
                self._one(request, obj, code)
                done += 1
            except Refusal as refusal:
                refused.append(f"{obj}：{refusal.reason}")
            except DatabaseError as error:
                known = from_database(error)
                if known is None:
                    raise
                refused.append(f"{obj}：{known.reason}")
        if done:
            messages.success(request, _("已处理 {done} 项").format(done=done))
        for words in refused[:5]:
            messages.error(request, words)
        if len(refused) > 5:
            messages.error(request, _("另有 {count} 项未处理").format(count=len(refused) - 5))
        return redirect(self._back(request))

    def _back(self, request: HttpRequest) -> str:
        """The page the rows were ticked on; the list when the form names none, or one of another host."""
        wanted = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            wanted, {request.get_host()}, require_https=request.is_secure()
        )
        return wanted if safe else self.address("list")

    def _one(self, request: HttpRequest, obj: Any, code: str) -> None:
        actor = actor_of(request)
        if self.document is not None and code == "approve":
            services.approve(obj, actor=actor)
        elif self.document is not None and code == "submit":
            services.submit(obj, actor=actor)
        elif self.document is not None and code == "post":
            posting.post(obj, actor=actor)
        else:
            action = next(
                (a for a in self.screen.actions if a.code == code and a.place in ("list", "both")), None
            )
            if action is None:
                raise Invalid(_("没有这个批量操作。"), way_out=_("请刷新页面后重试。"))
            if action.permission:
                scope.require(actor, action.permission)
            action.run(actor=actor, obj=obj, values={})
