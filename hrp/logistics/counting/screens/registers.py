"""盘点任务 and 待处理损溢."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hrp.logistics.counting.models import CountTask, PendingLoss
from hrp.logistics.counting.rules import Standing
from hrp.logistics.counting.services import concluding, planning
from hrp.logistics.counting.services.counting import standings
from hrp.logistics.models import Store
from hrp.platform.access.models import User
from hrp.platform.documents.registry import url_for
from hrp.platform.ui.screens import Action, Column, Field, Filter, Lookup, Output, Panel, RegisterScreen, Tab

PERMISSIONS = {
    "logistics.count.view": "查看盘点任务",
    "logistics.count.edit": "下达与结束盘点",
    "logistics.count.work": "盘点录入",
    "logistics.count.export": "导出盘点任务",
    "logistics.pending_loss.view": "查看待处理损溢",
    "logistics.pending_loss.export": "导出待处理损溢",
    "logistics.scrap.appraise": "鉴定报损",
    "logistics.scrap.destroy": "登记销毁",
}

PEOPLE = Lookup(
    key="logistics.colleague",
    title="人员",
    queryset=lambda actor, params: User.objects.filter(is_active=True, duty="business").order_by("username"),
    search=("username__istartswith", "display_name__icontains", "pinyin__icontains"),
    exact=("username",),
    label=lambda user: user.display_name,
    hint=lambda user: user.username,
    permissions=("logistics.count.edit", "logistics.scrap.destroy"),
)


def _plan(*, actor: Any, obj: Any, values: Mapping[str, Any]) -> str:
    store = Store.objects.get(pk=values["store"])
    people = User.objects.in_bulk([int(values[n]) for n in ("counter_1", "counter_2") if values.get(n)])
    sample = str(values.get("sample") or "").strip()
    task = planning.freeze(
        store, actor=actor, method=str(values["method"]), classes=str(values.get("classes") or "").upper(),
        counters=[people[int(values[n])] for n in ("counter_1", "counter_2") if values.get(n)],
        sample=int(sample) if sample else None, tolerance=Decimal(str(values.get("tolerance") or 0)),
        note=str(values.get("note") or ""),
    )  # fmt: skip
    return f"/logistics/counts/{task.pk}"


def _conclude(*, actor: Any, obj: CountTask, values: Mapping[str, Any]) -> str:
    made = concluding.conclude(obj, actor=actor)
    return url_for(made.source) if made is not None else "盘点结束，账实相符"


def _cancel(*, actor: Any, obj: CountTask, values: Mapping[str, Any]) -> str:
    planning.cancel(obj, actor=actor, reason=str(values.get("reason") or ""))
    return "已取消盘点"


WORDS = {Standing.MISSING: "未盘", Standing.RECOUNT: "待复盘", Standing.SETTLED: "已定"}


def _lines(task: CountTask, actor: Any) -> list[dict[str, Any]]:
    """While it goes on nobody sees the books beside the counts; the result shows both."""
    ended = task.state == CountTask.State.DONE
    found = {} if ended else standings(task)
    rows = []
    for line in task.lines.select_related("item", "batch", *(["result"] if ended else [])).order_by(
        "position"
    ):
        result = getattr(line, "result", None) if ended else None
        if ended and result is not None and not result.difference and task.lines.count() > MOST:
            continue
        rows.append(
            {
                "position": line.position, "item": str(line.item), "lot": line.batch.lot, "unit": line.item.unit,
                "standing": "" if ended else WORDS[found[line.pk][0]], "book": line.book if ended else None,
                "moved": result.moved if result else None, "counted": result.counted if result else None,
                "difference": result.difference if result else None,
            }
        )  # fmt: skip
    return rows


MOST = 500

TASKS = RegisterScreen(
    key="logistics.count",
    model=CountTask,
    title="盘点任务",
    icon="list-check",
    url="logistics/counts",
    menu=("logistics", "盘点"),
    order=10,
    editable=False,
    creatable=False,
    queryset=lambda actor: CountTask.objects.select_related("store", "counter_1", "counter_2", "planned_by"),
    ordering=("-id",),
    tabs=(Tab("work", "盘点中", {"state": "counting"}), Tab("done", "已完成", {"state": "done"})),
    columns=(
        Column("store", card="title"),
        Column("method", card="line"),
        Column("frozen_at", sort=True, card="meta"),
        Column("counter_1"),
        Column("counter_2"),
        Column("planned_by"),
        Column("state", tones={"counting": "wait", "done": "done", "cancelled": "void"}, card="tag"),
    ),
    filters=(Filter("store", kind="register", register="logistics.store"), Filter("method", kind="choice")),
    fields=("store", "method", "classes", "sample", "counter_1", "counter_2", "tolerance", "planned_by", "frozen_at", "state", "note"),
    panels=(
        Panel(
            key="lines", title="盘点明细", rows=_lines,
            columns=(
                Column("position", title="行", kind="integer"), Column("item", title="物资", kind="text"),
                Column("lot", title="批号", kind="text"), Column("unit", title="单位", kind="text"),
                Column("standing", title="进度", kind="text"), Column("book", title="账面", kind="quantity"),
                Column("moved", title="时点后收发", kind="quantity"), Column("counted", title="实盘", kind="quantity"),
                Column("difference", title="差异", kind="quantity"),
            ),
        ),
    ),
    actions=(
        Action(
            "plan", "下达盘点", _plan, permission="logistics.count.edit", icon="plus", style="primary", place="page",
            fields=(
                Field("store"), "method", Field("classes", help="循环盘点填，如 AB；空为全部"), Field("sample", help="抽盘填"),
                Field("counter_1", lookup="logistics.colleague"), Field("counter_2", lookup="logistics.colleague"),
                Field("tolerance", help="两人相差不超过它时以后盘为准"), Field("note"),
            ),
        ),
        Action("conclude", "结束盘点", _conclude, permission="logistics.count.edit", icon="flag", style="primary", confirm="结束后按两人实盘结果生成盘点单。", shown=lambda t: t.state == "counting"),
        Action("cancel", "取消盘点", _cancel, permission="logistics.count.edit", icon="x", style="danger", fields=(Field("reason", title="原因", kind="text", required=True),), shown=lambda t: t.state == "counting"),
    ),
    outputs=(
        Output("盘点表（盲盘）", lambda t: f"/logistics/counts/{t.pk}/sheet", icon="printer"),
        Output("盘点结果表", lambda t: f"/logistics/counts/{t.pk}/result", icon="file-analytics"),
    ),
    scope_field="store__org_unit",
    search=("store__name__icontains",),
    exact=(),
)  # fmt: skip

PENDING = RegisterScreen(
    key="logistics.pending_loss",
    model=PendingLoss,
    title="待处理损溢",
    icon="scale",
    url="logistics/pending-losses",
    menu=("logistics", "盘点"),
    order=40,
    editable=False,
    creatable=False,
    history=False,
    queryset=lambda actor: PendingLoss.objects.filter(is_undone=False).select_related("store", "item"),
    ordering=("-id",),
    columns=(
        Column("date", sort=True, card="meta"),
        Column("source", title="来源单据", kind="text", value=lambda row: "查看", link=lambda row: url_for(row.source)),
        Column("store", card="line"),
        Column("item", card="title"),
        Column("quantity"),
        Column("amount", title="损溢金额", total=True, card="amount"),
        Column("settled", total=True),
        Column("left", title="待处理", kind="money", value=lambda row: row.amount - row.settled),
    ),
    filters=(
        Filter("q", title="物资", kind="text", lookups=("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains"), placeholder="编码 / 名称 / 拼音码"),
        Filter("store", kind="register", register="logistics.store"),
        Filter("date", title="日期", kind="date_range"),
    ),
    fields=("date", "store", "item", "quantity", "amount", "settled"),
    scope_field="store__org_unit",
    search=("item__code__istartswith", "item__name__icontains", "item__pinyin__icontains"),
    exact=(),
    label=lambda row: f"{row.date:%m-%d} {row.item} {row.amount - row.settled}",
    hint=lambda row: str(row.store),
    fill=lambda row: {"amount": abs(row.amount - row.settled)},
)  # fmt: skip

ALL = (TASKS, PENDING)
LOOKUPS = (PEOPLE,)
