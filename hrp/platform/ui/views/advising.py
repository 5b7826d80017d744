"""What an entry grid is told about its rows while they are typed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from hrp.platform.access import scope
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui import grids
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views.documents import DocumentView


@method_decorator(never_cache, name="dispatch")
class Advise(DocumentView):
    """The form as it stands, sent whole; an advice for every row that has anything in it. Nothing is written."""

    def post(self, request: HttpRequest) -> JsonResponse:
        actor = actor_of(request)
        scope.require(actor, self.screen.code("edit"))
        if self.screen.advise is None:
            raise NotFound(_("这类单据没有录入提示。"), way_out=_("请刷新页面。"))
        rows = grids.numbered_lines(request.POST.dict())
        told: dict[int, Any] = dict(
            zip(rows, self.screen.advise(actor, request.POST.dict(), list(rows.values())), strict=True)
        )
        return JsonResponse(
            {
                "rows": {
                    number: {"fill": one.fill, "shown": one.shown, "why": one.why, "wrong": one.wrong}
                    for number, one in told.items()
                }
            }
        )  # fmt: skip
