"""Endpoints of one register: list and read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router

from hrp.platform.base.refusals import NotFound
from hrp.platform.ui import columns, filters, inputs, reach
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.api import shapes
from hrp.platform.ui.api.listing import Page, page_of
from hrp.platform.ui.screens import RegisterScreen
from hrp.platform.ui.tables import Table


def router_of(screen: RegisterScreen) -> Router:
    router = Router(tags=[screen.title])
    fields = screen.fields or tuple(c if isinstance(c, str) else c.name for c in screen.columns)
    bound = [one for one in inputs.bind(screen.model, fields, None) if one.model_field is not None]

    def show(obj: Any) -> dict[str, Any]:
        return {"id": obj.pk, "text": str(obj), **shapes.row_of(bound, obj)}

    @router.get("", summary=f"{screen.title}列表", operation_id=f"{screen.key}.list")
    def listing(request: HttpRequest, page: int = 1, size: int = 50, tab: str = "") -> Page:
        actor = actor_of(request)
        related = [one.name for one in bound if one.kind == "register" and "__" not in one.name]
        table = Table(
            model=screen.model,
            base=reach.visible(screen, actor),
            columns=columns.bind(screen.model, screen.columns),
            given=request.GET,
            actor=actor,
            filters=filters.bind(screen.model, screen.filters),
            tabs=screen.tabs,
            ordering=screen.ordering,
            related=related,
        )
        return page_of(table, show)

    @router.get("/{int:pk}", summary=f"读取{screen.title}", operation_id=f"{screen.key}.get")
    def read(request: HttpRequest, pk: int) -> dict[str, Any]:
        found = reach.visible(screen, actor_of(request)).filter(pk=pk).first()
        if found is None:
            raise NotFound(_("没有找到这条{title}。").format(title=screen.title), way_out=_("请检查 id。"))
        return show(found)

    return router
