"""Endpoints of one document type: list, read, draft, change, and every act.

Annotations are kept as objects here, not as texts: the body of a write is a class made for its document type, which
no text could name.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict
from hrp.platform.documents import registry, services, states
from hrp.platform.documents.models import Document
from hrp.platform.org.models import OrgUnit
from hrp.platform.ui import columns, filters, grids, inputs, papers
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.api import shapes
from hrp.platform.ui.api.idempotency import once
from hrp.platform.ui.api.listing import Page, page_of
from hrp.platform.ui.api.shapes import ActBody
from hrp.platform.ui.inputs import Input
from hrp.platform.ui.screens import DocumentScreen
from hrp.platform.ui.tables import Table
from hrp.platform.ui.views.lists import DOCUMENT_FILTERS, STATE_TABS

_SHARED = ("org_unit", "business_date", "campus", "note")


class DocumentDoor:
    """One type's endpoints, all through the services the pages use."""

    def __init__(self, screen: DocumentScreen) -> None:
        self.screen = screen
        self.type = registry.types[screen.kind]
        self.model: Any = self.type.model

    def header(self, actor: Any) -> list[Input]:
        return inputs.bind(self.model, self.screen.fields, actor)

    def lines(self, actor: Any) -> list[Input]:
        return (
            inputs.bind(self.type.line_model, self.screen.lines, actor, line=True)
            if self.type.line_model
            else []
        )

    @property
    def body(self) -> type[Schema]:
        name = "".join(part.title() for part in self.screen.kind.replace(".", "_").split("_"))
        lines = self.lines(None) if self.type.line_model else None
        return shapes.body_of(name, self.header(None), lines)

    def show(self, document: Document, actor: User) -> dict[str, Any]:
        """The whole document."""
        bound = self.lines(actor)
        rows: list[Any] = []
        if self.type.line_model is not None:
            manager: Any = self.type.line_model._default_manager
            paths = grids.line_relations(bound, self.type.line_model)
            rows = list(manager.filter(document_id=document.pk).order_by("position").select_related(*paths))
        return {
            **self.summary(document),
            "version": document.version,
            "header": shapes.row_of(self.header(actor), document),
            "lines": [{"position": row.position, **shapes.row_of(bound, row)} for row in rows],
            "acts": [act.code for act in states.acts(document, actor)],
        }

    def summary(self, document: Document) -> dict[str, Any]:
        return {
            "id": document.pk,
            "kind": self.screen.kind,
            "number": document.number,
            "state": document.state,
            "business_date": document.business_date.isoformat(),
            "org_unit": document.org_unit_id,
            "total": shapes.plain(document.total),
            "url": registry.url_for(document.source),
        }

    def listing(self, request: HttpRequest) -> Page:
        actor = actor_of(request)
        table = Table(
            model=self.model,
            base=papers.visible(self.screen, actor),
            columns=columns.bind(self.model, self.screen.columns),
            given=request.GET,
            actor=actor,
            filters=filters.bind(self.model, self.screen.filters or DOCUMENT_FILTERS),
            tabs=STATE_TABS,
            ordering=("-business_date",),
        )
        return page_of(table, self.summary)

    def save(self, request: HttpRequest, given: dict[str, Any], pk: int | None = None) -> dict[str, Any]:
        actor = actor_of(request)
        scope.require(actor, self.screen.code("edit"))
        if pk is not None:
            scope.check_object(actor, self.screen.code("edit"), papers.load(self.screen, actor, pk))
        header, lines = self.header(actor), self.lines(actor)
        taken = inputs.read(header, shapes.as_typed(header, given.get("header", {})), actor)
        raw = [shapes.as_typed(lines, line) for line in given.get("lines", [])]
        rows, problems = grids.read(lines, raw, actor)
        inputs.refuse(self.screen.title, [*taken.problems, *problems])
        values = taken.values
        if "campus" not in values:
            unit = OrgUnit.objects.filter(pk=values.get("org_unit") or 0)
            values["campus"] = unit.values_list("campus_id", flat=True).first()
        saved = services.save_draft(
            self.model, actor=actor, header=values, lines=rows, pk=pk, expected_version=given.get("version")
        )
        return self.show(papers.load(self.screen, actor, saved.pk), actor)

    def act(self, request: HttpRequest, pk: int, act: str, body: ActBody) -> dict[str, Any]:
        actor = actor_of(request)
        document = papers.load(self.screen, actor, pk)
        if body.version is not None and act != "post" and document.version != body.version:
            raise Conflict(
                f"{document} 已被他人修改（第 {document.version} 版，您所见是第 {body.version} 版）",
                way_out="请重新读取后再操作。", code="version_conflict",
            )  # fmt: skip
        done = papers.perform(
            document, act, actor=actor, reason=body.reason, on=body.on, version=body.version
        )
        return self.show(papers.load(self.screen, actor, done.pk), actor)


def router_of(screen: DocumentScreen) -> Router:
    """The endpoints of one type, with schemas of its own."""
    door = DocumentDoor(screen)
    router = Router(tags=[screen.title])
    body = door.body

    def answer(request: HttpRequest, response: HttpResponse, work: Any, status: int = 200) -> Any:
        _, content, replayed = once(request, actor_of(request), lambda: (status, work()))
        if replayed:
            response["Idempotent-Replay"] = "true"
        return content

    @router.get("", summary=f"{screen.title}列表", operation_id=f"{screen.kind}.list")
    def listing(request: HttpRequest, page: int = 1, size: int = 50, tab: str = "") -> Page:
        return door.listing(request)

    @router.get("/{int:pk}", summary=f"读取{screen.title}", operation_id=f"{screen.kind}.get")
    def read(request: HttpRequest, pk: int) -> dict[str, Any]:
        return door.show(papers.load(screen, actor_of(request), pk), actor_of(request))

    if screen.creatable:

        @router.post(
            "",
            summary=f"新建{screen.title}草稿",
            operation_id=f"{screen.kind}.create",
            response={201: dict[str, Any]},
        )
        def create(request: HttpRequest, response: HttpResponse, payload: body) -> Any:  # type: ignore[valid-type]
            return answer(request, response, lambda: door.save(request, _given(payload)), 201)

        @router.put("/{int:pk}", summary=f"修改{screen.title}草稿", operation_id=f"{screen.kind}.update")
        def update(request: HttpRequest, response: HttpResponse, pk: int, payload: body) -> Any:  # type: ignore[valid-type]
            return answer(request, response, lambda: door.save(request, _given(payload), pk))

    @router.post(
        "/{int:pk}/{act}",
        summary=f"办理{screen.title}：submit、approve、return、withdraw、void、post、reverse",
        operation_id=f"{screen.kind}.act",
    )
    def perform(request: HttpRequest, response: HttpResponse, pk: int, act: str, payload: ActBody) -> Any:
        return answer(request, response, lambda: door.act(request, pk, act, payload))

    return router


def _given(payload: Any) -> dict[str, Any]:
    found: dict[str, Any] = payload.model_dump(exclude_none=True)
    return found
