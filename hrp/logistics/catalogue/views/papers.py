"""Originals of papers, as downloads only."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hrp.logistics.catalogue.models import LicenseFile
from hrp.platform.access import scope
from hrp.platform.base import files
from hrp.platform.base.refusals import NotFound
from hrp.platform.ui.actors import actor_of


@require_GET
def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    scope.require(actor_of(request), "logistics.license.view")
    found = LicenseFile.objects.filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这个附件。"), way_out=_("请刷新页面查看现有附件。"))
    response = FileResponse(
        files.resolve(found.path).open("rb"), as_attachment=True, filename=found.name, content_type=found.mime
    )
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
