"""Pictures of faults and files of certificates: sent as downloads to who may see what they belong to."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.assets.equipment.models import Certificate, RepairPhoto
from hrp.assets.equipment.services import repairs
from hrp.platform.access import scope
from hrp.platform.base import files
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of


@require_GET
def photo(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor = actor_of(request)
    scope.require(actor, repairs.VIEW)
    found = RepairPhoto.objects.select_related("order").filter(pk=pk).first()
    if found is None or not scope.has(actor, repairs.VIEW, found.order.org_unit_id):
        raise NotFound(_("没有这张照片。"), way_out=_("请从维修单打开。"))
    return _sent(found.path, found.name, found.mime)


@require_GET
def certificate(request: HttpRequest, pk: int) -> HttpResponseBase:
    actor = actor_of(request)
    scope.require(actor, "assets.metrology.view")
    found = Certificate.objects.select_related("instrument__asset").filter(pk=pk).exclude(path="").first()
    if found is None or not scope.has(actor, "assets.metrology.view", found.instrument.asset.org_unit_id):
        raise NotFound(_("没有这份证书文件。"), way_out=_("请从计量器具打开。"))
    return _sent(found.path, found.file_name, found.mime)


def _sent(path: str, name: str, mime: str) -> HttpResponseBase:
    response = FileResponse(
        files.resolve(path).open("rb"), as_attachment=True, filename=name, content_type=mime
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
