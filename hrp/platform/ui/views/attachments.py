"""Files beside a document: received checked, sent as downloads only."""

from __future__ import annotations

from typing import BinaryIO, cast

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from hrp.platform.base import files
from hrp.platform.base.refusals import Invalid, NotFound
from hrp.platform.documents import services
from hrp.platform.documents.models import Attachment
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views.documents import DocumentView

MAX_BYTES = 10 * 1024 * 1024


class Upload(DocumentView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        document = self.load(request, pk)
        services.require_attach(document, actor=actor_of(request))
        given = request.FILES.get("file")
        if given is None:
            raise Invalid(_("没有选择文件。"), way_out=_("请选择要上传的文件。"))
        stored = files.store_upload(
            cast(BinaryIO, given), name=given.name or "", max_bytes=MAX_BYTES, folder="attachments"
        )
        try:
            services.attach(document, actor=actor_of(request), stored=stored)
        except BaseException:
            files.remove(stored.path)
            raise
        messages.success(request, _("已上传 {name}").format(name=stored.name))
        return redirect(f"{self.screen.base}{pk}#attachments")


class Download(DocumentView):
    def get(self, request: HttpRequest, pk: int, file: int) -> HttpResponseBase:
        document = self.load(request, pk)
        found = Attachment.objects.filter(kind=document.spec.kind, document_id=document.pk, pk=file).first()
        if found is None:
            raise NotFound(_("没有这个附件。"), way_out=_("请刷新页面查看现有附件。"))
        response = FileResponse(
            files.resolve(found.path).open("rb"),
            as_attachment=True,
            filename=found.name,
            content_type=found.mime,
        )
        response["Content-Security-Policy"] = "sandbox; default-src 'none'"
        return response
