"""成本费用归集单, 统计量录入单 and 成本分摊单."""

from __future__ import annotations

from django.urls import reverse

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.selectors import runs
from hrp.platform.documents.models import State
from hrp.platform.ui.screens import Column, DocumentScreen, Field, Filter, LineField, Output

NUMBER = Filter("number", title="单据编号", kind="text", lookups=("number__icontains",), placeholder="单号")
DATES = Filter("business_date", title="业务日期", kind="date_range")

COST_ENTRIES = DocumentScreen(
    kind="costing.cost_entry",
    icon="receipt-yuan",
    menu=("costing", "成本归集"),
    order=10,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("cost_kind", card="line"),
        Column("org_unit", title="填报科室"),
        Column("total", total=True, sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
        Column("note"),
    ),
    filters=(NUMBER, DATES, Filter("cost_kind", kind="choice"), Filter("org_unit", title="填报科室", kind="register", register="org.unit")),
    fields=(
        Field("cost_kind"), Field("business_date"), Field("campus"), Field("org_unit", title="填报科室"),
        Field("note", span=2),
    ),
    lines=(
        LineField("bearer", title="承担科室", lookup="org.unit", width=200),
        LineField("account", title="费用科目", lookup="ledger.expense_account", width=260),
        LineField("fund", width=150),
        LineField("amount", title="金额（元）", width=130, total=True),
        LineField("memo", title="摘要", width=220),
    ),
    lines_title="费用明细",
)  # fmt: skip

STAT_ENTRIES = DocumentScreen(
    kind="costing.stat_entry",
    icon="chart-histogram",
    menu=("costing", "成本归集"),
    order=20,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("business_date", sort=True, card="meta"),
        Column("org_unit", title="填报科室", card="line"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
        Column("note"),
    ),
    filters=(NUMBER, DATES, Filter("org_unit", title="填报科室", kind="register", register="org.unit")),
    fields=(Field("business_date"), Field("campus"), Field("org_unit", title="填报科室"), Field("note", span=3)),
    lines=(
        LineField("driver", title="分摊参数", lookup="costing.driver", width=200),
        LineField("server", title="服务科室", lookup="org.unit", width=200, required=False),
        LineField("receiver", title="受益科室", lookup="org.unit", width=200),
        LineField("quantity", title="数量", width=130, total=True),
    ),
    lines_title="统计量明细",
    amount="",
)  # fmt: skip


def _certificate_url(run: AllocationRun) -> str:
    return reverse("costing.certificate", kwargs={"run_id": run.pk}) if _has_result(run) else ""


def _report_url(run: AllocationRun) -> str:
    return f"{reverse('costing.report', kwargs={'number': '03'})}?run={run.pk}" if _has_result(run) else ""


def _has_result(run: AllocationRun) -> bool:
    return run.state in (State.POSTED, State.REVERSED)


RUNS = DocumentScreen(
    kind="costing.allocation_run",
    icon="arrows-split-2",
    menu=("costing", "成本分摊"),
    order=10,
    columns=(
        Column("number", fixed=True, card="title"),
        Column("month", title="核算月份", kind="month", sort=True, card="meta"),
        Column("purpose", card="line"),
        Column("rule_set"),
        Column("total", title="全成本合计", sort=True, card="amount"),
        Column("state", card="tag"),
        Column("maker", card="meta"),
    ),
    filters=(NUMBER, DATES, Filter("purpose", kind="choice")),
    fields=(
        Field("purpose"), Field("business_date", title="业务日期", help="核算月份取业务日期所在月"), Field("campus"),
        Field("rule_set"), Field("credit_pools"), Field("org_unit", title="填报科室"), Field("note", span=3),
    ),
    outputs=(
        Output("科室全成本表", _report_url, icon="table", permission=runs.VIEW),
        Output("守恒证书", _certificate_url, icon="certificate", permission=runs.VIEW),
    ),
)  # fmt: skip

ALL = (COST_ENTRIES, STAT_ENTRIES, RUNS)
