"""What was done to one document, act by act, from the action log."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from hrp.platform.audit import selectors as trail
from hrp.platform.ui.views.documents import DocumentView


class DocumentRecords(DocumentView):
    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        document = self.load(request, pk)
        context = {
            "page_title": _("操作记录 {number}").format(number=document.display_number),
            "crumb_title": self.screen.title,
            "list_url": self.address("list"),
            "document": document,
            "back": f"{self.screen.base}{pk}",
            "actions": trail.actions_on(document.source),
        }
        return render(request, "ui/records.html", context)
