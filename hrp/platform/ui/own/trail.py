"""操作日志, for the audit administrator."""

from __future__ import annotations

from hrp.platform.audit.models import ActionLog
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Column, Field, Filter, RegisterScreen

LOG = RegisterScreen(
    key="audit.log",
    model=ActionLog,
    title="操作日志",
    icon="history",
    url="audit/log",
    menu=("settings", "审计管理"),
    order=10,
    editable=False,
    creatable=False,
    history=False,
    ordering=("-id",),
    columns=(
        Column("at", title="时间", fixed=True, card="meta"),
        Column("actor_name", card="title"),
        Column("summary", card="line"),
        Column("act", kind="code"),
        Column("target", kind="code", link=lambda row: url_for(row.target)),
        "ip",
        Column("request_id", kind="code", hidden=True),
    ),
    filters=(
        Filter("actor_name", kind="text", title="操作人"),
        Filter("at", title="时间", kind="date_range"),
        Filter("act", kind="text", lookups=("act__istartswith",), placeholder="如 logistics.stock_issue"),
        Filter("target", kind="text", lookups=("target__istartswith",)),
        Filter("summary", kind="text", title="摘要"),
    ),
    fields=("at", "actor_name", "duty", "act", "target", "ip", "request_id", Field("summary", span=3), Field("data", span=3, title="明细")),
    exact=(),
    search=(),
)  # fmt: skip

ALL = (LOG,)
