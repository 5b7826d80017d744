"""凭证, 明细账, 会计科目, 经费性质 and 会计期间."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from hrp.platform.access import scope
from hrp.platform.documents.registry import types, url_for
from hrp.platform.ledger import selectors, services
from hrp.platform.ledger.models import Account, Book, Entry, Fund, Line, Period
from hrp.platform.ui.screens import Action, Column, Field, Filter, Output, Panel, RegisterScreen

PERMISSIONS = {
    "ledger.entry.view": "查看凭证与明细账",
    "ledger.entry.export": "导出凭证与明细账",
    "ledger.account.view": "查看会计科目",
    "ledger.account.edit": "维护会计科目",
    "ledger.fund.view": "查看经费性质",
    "ledger.period.view": "查看会计期间",
    "ledger.period.open": "开启会计期间",
    "ledger.period.close": "结账",
    "ledger.period.reopen": "反结账",
}


def source_title(source: str) -> str:
    """``"logistics.stock_issue:4711"`` in words: 出库单 #4711."""
    kind, _, tail = source.partition(":")
    found = types.get(kind)
    return f"{found.spec.title} #{tail}" if found else source


def _lines(entry: Entry, actor: Any) -> Iterable[Line]:
    return scope.filter(actor, "ledger.entry.view", selectors.lines_of(entry.pk))


def _of_units(rows: QuerySet[Entry], units: frozenset[int]) -> QuerySet[Entry]:
    """Entries that touch one of the units; what they book elsewhere stays unseen."""
    return rows.filter(pk__in=Line.objects.filter(org_unit_id__in=units).values("entry"))


def _debit(line: Line) -> Any:
    return line.amount if line.amount > 0 else None


def _credit(line: Line) -> Any:
    return -line.amount if line.amount < 0 else None


ENTRIES = RegisterScreen(
    key="ledger.entry",
    model=Entry,
    title="凭证",
    icon="receipt-2",
    url="ledger/entries",
    menu=("costing", "总账"),
    order=10,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: Entry.objects.select_related("period", "actor", "book"),
    narrow=_of_units,
    ordering=("-date",),
    columns=(
        Column("id", title="凭证号", fixed=True, kind="code", card="title", value=lambda entry: f"记-{entry.pk}"),
        Column("date", sort=True, card="meta"),
        Column("period", title="会计期间"),
        Column("text", card="line"),
        Column(
            "source", title="来源单据", value=lambda entry: source_title(entry.source),
            link=lambda entry: url_for(entry.source),
        ),
        Column("kind", card="tag", tones={"post": "done", "reverse": "back"}),
        Column("actor", card="meta"),
        Column("recorded_at", sort=True),
    ),
    filters=(
        Filter("date", title="日期", kind="date_range"),
        Filter("text", title="摘要", kind="text", lookups=("text__icontains",)),
        Filter("source", title="来源", kind="text", lookups=("source",), placeholder="如 logistics.stock_issue:12"),
        Filter("kind"),
    ),
    fields=(
        Field("date"), Field("period", title="会计期间"), Field("kind"), Field("text", span=2), Field("actor"),
        Field("recorded_at"),
    ),
    outputs=(Output("来源单据", lambda entry: url_for(entry.source) or reverse("ledger.entry.list"), icon="external-link"),),
    panels=(
        Panel(
            key="lines",
            title="分录",
            rows=_lines,
            model=Line,
            columns=(
                Column("position", title="行"),
                Column("memo", title="摘要"),
                Column("account", title="科目"),
                Column("org_unit", title="科室"),
                Column("counter_unit", title="对方科室"),
                Column("fund", title="经费性质"),
                Column("debit", title="借方", kind="money", value=_debit),
                Column("credit", title="贷方", kind="money", value=_credit),
                Column("quantity", title="数量", value=lambda line: line.quantity or None, kind="quantity"),
            ),
        ),
    ),
)  # fmt: skip

LINES = RegisterScreen(
    key="ledger.line",
    model=Line,
    title="明细账",
    icon="list-details",
    url="ledger/lines",
    menu=("costing", "总账"),
    order=20,
    permission="ledger.entry",
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: Line.objects.select_related("entry", "account", "org_unit", "fund"),
    scope_field="org_unit",
    ordering=("-entry__date",),
    columns=(
        Column("entry__date", title="日期", sort=True, card="meta", fixed=True),
        Column("account__code", title="科目编码", sort=True),
        Column("account__name", title="科目名称", card="title"),
        Column("org_unit", card="line"),
        Column("fund"),
        Column("entry__text", title="摘要"),
        Column("amount", title="金额（借正贷负）", sort=True, total=True, card="amount"),
        Column("quantity", total=True),
        Column(
            "source", title="来源单据", value=lambda line: source_title(line.entry.source),
            link=lambda line: url_for(line.entry.source),
        ),
    ),
    filters=(
        Filter("account", kind="register", register="ledger.account"),
        Filter("org_unit", kind="register", register="org.unit"),
        Filter("date", title="日期", kind="date_range", lookups=("entry__date",)),
        Filter("fund", kind="register", register="ledger.fund"),
        Filter("element", title="类别", kind="choice", lookups=("account__element",), choices=Account.Element.choices),
        Filter("amount", kind="number_range"),
    ),
    fields=(Field("account"), Field("org_unit"), Field("fund"), Field("amount"), Field("quantity"), Field("memo")),
    outputs=(Output("所属凭证", lambda line: f"/ledger/entries/{line.entry_id}", icon="receipt-2"),),
)  # fmt: skip

ACCOUNTS = RegisterScreen(
    key="ledger.account",
    model=Account,
    title="会计科目",
    icon="list-tree",
    url="ledger/accounts",
    menu=("costing", "总账"),
    order=30,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"),
        Column("name", card="title"),
        Column("element", card="tag", tones={"stat": "check", "asset": "done", "expense": "wait", "income": "info", "liability": "draft", "net": "draft"}),
        "measure",
        "needs_unit",
        "is_active",
    ),
    filters=(
        Filter("q", title="科目", kind="text", lookups=("code__istartswith", "name__icontains"), placeholder="编码 / 名称"),
        Filter("element"),
        Filter("is_active", title="启用", kind="bool"),
    ),
    fields=(Field("code", immutable=True), Field("name", span=2), "element", "measure", "needs_unit", "is_active"),
    label=lambda account: f"{account.code} {account.name}",
)  # fmt: skip

FUNDS = RegisterScreen(
    key="ledger.fund",
    model=Fund,
    title="经费性质",
    icon="coins",
    url="ledger/funds",
    columns=("code", Column("name", card="title")),
    fields=("code", "name"),
    editable=False,
    creatable=False,
    lookup_open=True,
)


def _open_next(*, actor: Any, obj: Any, values: dict[str, Any]) -> str:
    book = Book.objects.order_by("pk").first()
    if book is None:
        raise LookupError("没有账套")
    latest = Period.objects.filter(book=book).order_by("-first_day").first()
    if latest is None:
        from hrp.platform.base import clock

        year, month = clock.today().year, clock.today().month
    else:
        year, month = latest.last_day.year + latest.last_day.month // 12, latest.last_day.month % 12 + 1
    period = services.open_period(book=book, year=year, month=month, actor=actor)
    return f"已开启 {period}"


def _close(*, actor: Any, obj: Period, values: dict[str, Any]) -> str:
    services.close_period(period=obj, actor=actor)
    return f"{obj} 已结账"


def _reopen(*, actor: Any, obj: Period, values: dict[str, Any]) -> str:
    services.reopen_period(period=obj, actor=actor, reason=str(values.get("reason", "")))
    return f"{obj} 已反结账"


PERIODS = RegisterScreen(
    key="ledger.period",
    model=Period,
    title="会计期间",
    icon="calendar-month",
    url="ledger/periods",
    menu=("costing", "总账"),
    order=40,
    editable=False,
    creatable=False,
    history=False,
    ordering=("-first_day",),
    columns=(
        Column("name", title="期间", kind="code", value=str, fixed=True, card="title"),
        Column("book", title="账套", card="line"),
        "first_day",
        "last_day",
        Column("state", tones={"open": "check", "closed": "done"}, card="tag"),
        "closed_at",
        "closed_by",
    ),
    fields=("book", "first_day", "last_day", "state", "closed_at", "closed_by"),
    actions=(
        Action("open", "开启下一期间", _open_next, permission="ledger.period.open", icon="calendar-plus", style="primary",
               confirm="开启紧接最近期间之后的下一个月。", place="page"),
        Action("close", "结账", _close, permission="ledger.period.close", icon="lock", style="primary",
               confirm="结账前会检查全部数据校验，结账后该月不能再记账。确定结账吗？", shown=lambda period: period.state == "open"),
        Action("reopen", "反结账", _reopen, permission="ledger.period.reopen", icon="lock-open", style="danger",
               fields=(Field("reason", title="原因", kind="textarea", required=True),), shown=lambda period: period.state == "closed"),
    ),
    exact=(),
    search=(),
)  # fmt: skip

ALL = (ENTRIES, LINES, ACCOUNTS, FUNDS, PERIODS)
