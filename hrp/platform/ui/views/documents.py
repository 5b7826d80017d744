"""The page of a document: entry, the acts offered to this person, its panels and its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from hrp.platform.access import scope
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal
from hrp.platform.documents import registry, services, states
from hrp.platform.documents.models import Attachment, Document, State
from hrp.platform.exchange.amounts import rmb_upper
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui import formats, grids, inputs, panels, papers
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.grids import Grid, RawLine
from hrp.platform.ui.inputs import Input
from hrp.platform.ui.screens import Notice
from hrp.platform.ui.timeline import Progress, elapsed
from hrp.platform.ui.views.lists import ScreenView

EDITABLE = (State.DRAFT, State.RETURNED)
_HEADER_NAMES = {"org_unit", "campus", "business_date", "note"}


class DocumentView(ScreenView):
    """Base: the document of the address, within the person's scope."""

    def load(self, request: HttpRequest, pk: int, act: str = "view") -> Document:
        return papers.load(self.screen, actor_of(request), pk, act)

    @cached_property
    def line_model(self) -> Any:
        return registry.types[self.screen.kind].line_model

    def header_inputs(self, actor: Any) -> list[Input]:
        return inputs.bind(self.model, self.screen.fields, actor)

    def line_inputs(self, actor: Any) -> list[Input]:
        return inputs.bind(self.line_model, self.screen.lines, actor, line=True) if self.line_model else []

    def kept_inputs(self, bound: Sequence[Input]) -> list[Input]:
        """Without the cells that only speak while a line is typed."""
        return [one for one in bound if not getattr(one.declared, "typing", False)]

    def lines_of(self, document: Document, bound: Sequence[Input]) -> list[Any]:
        if self.line_model is None or document.pk is None:
            return []
        rows = self.line_model._default_manager.filter(document_id=document.pk).order_by("position")
        paths = grids.line_relations(bound, self.line_model)
        return list(rows.select_related(*paths) if paths else rows)


class DocumentPage(DocumentView):
    """New, edit and read, and every act of the state grid."""

    def get(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        actor = actor_of(request)
        bound, lines = self.header_inputs(actor), self.line_inputs(actor)
        if pk is not None:
            document = self.load(request, pk)
            raw = grids.object_lines(lines, self.lines_of(document, lines))
            return self.page(request, document, inputs.of_object(bound, document), lines, raw)
        self._may_create(actor)
        values, raw = self._first_values(request, bound, lines)
        return self.page(request, self._blank(actor), inputs.of_values(bound, values, actor), lines, raw)

    def _may_create(self, actor: Any) -> None:
        scope.require(actor, self.screen.code("edit"))
        if not self.screen.creatable:
            raise NotFound(_("这类单据不能手工新建。"), way_out=_("请从来源业务生成。"))

    def _blank(self, actor: Any) -> Document:
        now = clock.now()
        blank: Document = self.model(maker=actor, created_at=now, updated_at=now)
        return blank

    def _first_values(
        self, request: HttpRequest, bound: Sequence[Input], lines: Sequence[Input]
    ) -> tuple[dict[str, Any], list[RawLine]]:
        actor, screen = actor_of(request), self.screen
        values: dict[str, Any] = {"business_date": clock.today(), "org_unit": actor.unit}
        if actor.unit is not None:
            values["campus"] = actor.unit.campus
        values |= inputs.defaults(bound, actor)
        raw: list[RawLine] = []
        if screen.defaults is not None:
            values |= dict(screen.defaults(actor))
        copied = request.GET.get("copy", "")
        if copied.isdigit():
            original = self.load(request, int(copied))
            for one in bound:
                if one.name not in ("business_date",) and one.model_field is not None:
                    values[one.name] = getattr(original, one.name)
            raw = grids.object_lines(lines, self.lines_of(original, lines))
        elif screen.prefill is not None and request.GET:
            given = dict(screen.prefill(actor, request.GET.dict()))
            raw = [{k: inputs.formats.entry(v) for k, v in line.items()} for line in given.pop("lines", ())]
            grids.refill(lines, raw)
            values |= given
        for one in bound:
            if one.required and one.source is not None and not values.get(one.name):
                values[one.name] = one.source.only(actor)
        return values, raw or [{}]

    def post(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        actor = actor_of(request)
        act = request.POST.get("act", "save")
        if pk is None:
            self._may_create(actor)
        bound, lines = self.header_inputs(actor), self.line_inputs(actor)
        document = self.load(request, pk) if pk is not None else self._blank(actor)
        sent = "version" in request.POST and "sent" in request.POST
        editing = sent and document.state in EDITABLE
        raw = grids.posted_lines(request.POST.dict())
        said: str | None = None
        try:
            if sent and act in ("save", "submit", "submit_post"):
                # also when somebody submitted it meanwhile: the service refuses, and nobody is told it was saved
                document = self._save(request, document, bound, lines, raw)
            if act != "save" or not sent:
                document, said = self._act(request, document, act)
        except (Invalid, Conflict, Forbidden) as refusal:
            return self._again(request, document, bound, lines, raw, refusal, editing)
        if said and said.startswith("/"):
            return redirect(said)
        tags = "sticky" if isinstance(said, Notice) else ""
        messages.success(request, said or self._said(document, act), extra_tags=tags)
        return redirect(self.address("detail", pk=document.pk), permanent=False)

    def _said(self, document: Document, act: str) -> str:
        done = {"save": _("已保存"), "submit": _("已提交"), "approve": _("审核通过"), "return": _("已驳回")}
        done |= {"withdraw": _("已撤回"), "post": _("已过账"), "reverse": _("已红冲"), "void": _("已作废")}
        return f"{done.get(act, _('已完成'))} {document.display_number}"

    def _save(
        self,
        request: HttpRequest,
        document: Document,
        bound: Sequence[Input],
        lines: Sequence[Input],
        raw: Sequence[RawLine],
    ) -> Document:
        actor = actor_of(request)
        if document.pk is not None:
            scope.check_object(actor, self.screen.code("edit"), document)
        header = inputs.read(bound, request.POST.dict(), actor)
        rows, problems = grids.read(lines, raw, actor)
        inputs.refuse(self.screen.title, [*header.problems, *problems])
        values = self._complete(header.values, document)
        version = request.POST.get("version", "")
        saved: Document = services.save_draft(
            self.model,
            actor=actor,
            header=values,
            lines=rows,
            pk=document.pk,
            expected_version=int(version) if version.isdigit() and document.pk else None,
        )
        return saved

    def _complete(self, values: dict[str, Any], document: Document) -> dict[str, Any]:
        """The site follows the department unless the form asks for it; read-only fields keep what they hold."""
        if "campus" not in values:
            unit = values.get("org_unit") or document.org_unit_id
            values["campus"] = OrgUnit.objects.filter(pk=unit).values_list("campus_id", flat=True).first()
        allowed = _HEADER_NAMES | set(self.model.spec.header_fields)
        return {name: value for name, value in values.items() if name in allowed}

    def _act(self, request: HttpRequest, document: Document, act: str) -> tuple[Document, str | None]:
        """Perform an act; what an action of the screen's own has to say, or where it leads."""
        actor, reason = actor_of(request), request.POST.get("reason", "").strip()
        if act in papers.SHARED_ACTS:
            version, on = request.POST.get("version", ""), request.POST.get("on", "").strip()
            done = papers.perform(
                document,
                act,
                actor=actor,
                reason=reason,
                on=inputs.date_or_refuse(on) if on else None,
                version=int(version) if version.isdigit() else None,
            )
            return done, None
        return document, self._own_act(request, document, act)

    def _own_act(self, request: HttpRequest, document: Document, code: str) -> str | None:
        actor = actor_of(request)
        action = next((a for a in self.screen.actions if a.code == code), None)
        if action is not None and action.permission:
            scope.check_object(actor, action.permission, document)
        if action is None or (action.shown is not None and not action.shown(document)):
            raise Conflict(_("当前状态下没有这个操作。"), way_out=_("请刷新页面查看最新状态。"))
        taken = inputs.read(inputs.bind(self.model, action.fields, actor), request.POST.dict(), actor)
        taken.require(action.title)
        return action.run(actor=actor, obj=document, values=taken.values)

    def _again(
        self,
        request: HttpRequest,
        document: Document,
        bound: Sequence[Input],
        lines: Sequence[Input],
        raw: list[RawLine],
        refusal: Refusal,
        editing: bool,
    ) -> HttpResponse:
        """The page with what was typed and what is wrong beside it."""
        if document.pk is not None:
            document = self.load(request, document.pk)
        if editing:
            if refusal.code == "version_conflict":
                # what is typed here belongs to the old version: saving it once more must be refused once more
                document.version = int(request.POST["version"])
            grids.refill(lines, raw)
            shown = inputs.of_values(bound, self._posted(request, bound, document), actor_of(request))
        else:
            shown = inputs.of_object(bound, document)
            raw = grids.object_lines(lines, self.lines_of(document, lines))
        shown = inputs.with_problems(shown, refusal.problems)
        return self.page(request, document, shown, lines, raw, refusal=refusal)

    def _posted(self, request: HttpRequest, bound: Sequence[Input], document: Document) -> Mapping[str, Any]:
        values: dict[str, Any] = request.POST.dict()
        if document.pk is None:
            return values
        for one in bound:
            stored = getattr(document, one.model_field.attname) if one.model_field is not None else None
            if one.readonly or (one.kind == "register" and values.get(one.name) == formats.entry(stored)):
                values[one.name] = getattr(document, one.name, None)
        return values

    # -- drawing -----------------------------------------------------------------------------------------------

    def page(
        self,
        request: HttpRequest,
        document: Document,
        header: Sequence[Input],
        lines: Sequence[Input],
        raw: Sequence[RawLine],
        refusal: Refusal | None = None,
    ) -> HttpResponse:
        actor, screen = actor_of(request), self.screen
        new = document.pk is None
        acts = [] if new else states.acts(document, actor)
        editable = new or any(act.code == "edit" for act in acts)
        problems: Sequence[Problem] = refusal.problems if refusal else ()
        if not editable:
            lines = self.kept_inputs(lines)
        grid = Grid(
            lines, raw, editable=editable, problems=problems, amount=screen.amount, quantity=screen.quantity
        )
        scan = next((one for one in lines if one.name == screen.scan), None) if editable else None
        progress = Progress(document)
        context = {
            "screen": screen,
            "page_title": _("新建{title}").format(title=screen.title)
            if new
            else f"{screen.title} {document.display_number}",
            "crumb_title": screen.title,
            "list_url": self.address("list"),
            "document": document,
            "new": new,
            "editable": editable,
            "sections": sections(header),
            "grid": grid if self.line_model is not None else None,
            "lines_title": screen.lines_title or _("明细"),
            "scan": scan,
            "scan_url": grid.lookup_url(scan) if scan else "",
            "scan_read_url": grid.scan_url(scan) if scan else "",
            "advise_url": self.address("advise") if editable and screen.advise is not None else "",
            "steps": progress.steps(),
            "events": progress.events(),
            "elapsed": elapsed(document),
            "acts": [act for act in acts if act.code != "edit"],
            "own_acts": [] if new else self._own_acts(actor, document),
            "outputs": [] if new else panels.outputs(screen.outputs, document, actor),
            "panel_url": "" if new else f"{screen.base}{document.pk}",
            "panels": [] if new else panels.bind(screen.panels, document, actor),
            "attachments": []
            if new
            else Attachment.objects.filter(kind=screen.kind, document_id=document.pk)
            .select_related("uploaded_by")
            .order_by("pk"),
            "may_attach": not new and services.may_attach(document, actor=actor),
            "neighbours": {} if new else self._neighbours(request, document),
            "may": {code: self.may(request, code) for code in ("print", "edit", "view")},
            "sum_amount": grid.sum_of(screen.amount) or inputs.formats.money(document.total),
            "in_words": rmb_upper(Decimal(document.total or 0)),
            "today": clock.today(),
            "refusal": refusal,
            "has_amount": any(one.name == screen.amount for one in lines) or not lines,
            "has_quantity": any(one.name == screen.quantity for one in lines),
            "source": "" if new else document.source,
        }
        return render(request, "ui/document.html", context, status=refusal.status if refusal else 200)

    def _own_acts(self, actor: Any, document: Document) -> list[dict[str, Any]]:
        return [
            {"action": action, "inputs": inputs.asked(self.model, action.fields, actor, place=action.code)}
            for action in self.screen.actions
            if action.place in ("detail", "both")
            and (action.shown is None or action.shown(document))
            and (not action.permission or scope.has(actor, action.permission, document.org_unit_id))
        ]

    def _neighbours(self, request: HttpRequest, document: Document) -> dict[str, str]:
        """The documents before and after this one among those the person may see."""
        rows = self.rows(request).order_by("pk").values_list("pk", flat=True)
        before = rows.filter(pk__lt=document.pk).last()
        after = rows.filter(pk__gt=document.pk).first()
        return {
            "before": self.address("detail", pk=before) if before else "",
            "after": self.address("detail", pk=after) if after else "",
        }


def sections(bound: Sequence[Input]) -> list[tuple[str, list[Input]]]:
    """Inputs under their section titles, in order."""
    found: list[tuple[str, list[Input]]] = []
    for one in bound:
        if not found or found[-1][0] != one.section:
            found.append((one.section, []))
        found[-1][1].append(one)
    return found
