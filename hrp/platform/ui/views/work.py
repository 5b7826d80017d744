"""Pages of the 工作台."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hrp.platform.base import clock
from hrp.platform.base.refusals import NotFound
from hrp.platform.exchange.services import downloads
from hrp.platform.notify import selectors as notices
from hrp.platform.notify import services as messages
from hrp.platform.ui import work
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.context import Shell

SHORT = 8
PAGE = 50


def _tasks(request: HttpRequest, limit: int) -> list[dict[str, object]]:
    return [
        {"task": task, "url": work.url_of(task), "kind": work.kind_title(task.kind)}
        for task in work.todo(actor_of(request))[:limit]
    ]


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    shortcuts = [
        (square, [item for _title, items in square.groups for item in items][:8])
        for square in Shell(request).systems
        if square.key not in ("home", "settings")
    ]
    context = {
        "page_title": _("工作台"),
        "today": clock.today(),
        "tasks": _tasks(request, SHORT),
        "task_count": work.todo_count(actor),
        "papers": work.started_by(actor, open_only=True, limit=SHORT),
        "messages_list": notices.inbox(actor)[:SHORT],
        "unread": notices.unread_count(actor),
        "shortcuts": shortcuts,
    }
    return render(request, "ui/home.html", context)


@require_GET
def todo(request: HttpRequest) -> HttpResponse:
    return render(request, "ui/todo.html", {"page_title": _("待办审批"), "tasks": _tasks(request, PAGE * 4)})


@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    open_only = request.GET.get("open") == "1"
    context = {
        "page_title": _("我发起的"),
        "papers": work.started_by(actor_of(request), open_only=open_only, limit=PAGE * 4),
        "open_only": open_only,
    }
    return render(request, "ui/mine.html", context)


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    unread_only = request.GET.get("unread") == "1"
    rows = notices.inbox(actor, unread_only=unread_only).order_by("-id")
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: PAGE + 1])
    context = {
        "page_title": _("消息中心"),
        "messages_list": found[:PAGE],
        "next": found[PAGE - 1].pk if len(found) > PAGE else None,
        "unread_only": unread_only,
        "unread": notices.unread_count(actor),
    }
    return render(request, "ui/inbox.html", context)


@require_GET
def panel(request: HttpRequest) -> HttpResponse:
    """The latest messages under the bell."""
    rows = notices.inbox(actor_of(request)).order_by("-id")[:SHORT]
    return render(request, "ui/parts/notices.html", {"messages_list": rows})


@require_GET
def open_message(request: HttpRequest, pk: int) -> HttpResponse:
    """Read a message and go where it points."""
    actor = actor_of(request)
    found = notices.inbox(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这条消息。"), way_out=_("请刷新消息中心。"))
    messages.mark_read(actor=actor, messages=[pk])
    inside = found.url.startswith("/") and not found.url.startswith("//")
    return redirect(found.url if inside else "work.inbox")


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    messages.mark_read(actor=actor_of(request))
    return redirect("work.inbox")


@require_GET
def files(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "ui/downloads.html",
        {"page_title": _("下载中心"), "files": downloads.mine(actor=actor_of(request))},
    )


@require_GET
def file(request: HttpRequest, pk: int) -> HttpResponseBase:
    export, path = downloads.fetch(actor=actor_of(request), export_id=pk)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=export.file_name, content_type=export.mime
    )


@require_GET
def scan(request: HttpRequest) -> HttpResponse:
    """A code read by a phone or scanner: a document number opens its document."""
    code = request.GET.get("code", "").strip()[:60]
    found = work.by_number(actor_of(request), code, limit=2) if code else []
    if len(found) == 1:
        return redirect(found[0].url)
    return render(request, "ui/scan.html", {"page_title": _("扫码"), "code": code, "papers": found})
