"""Reports of equipment: key figures, completion of care, readiness, metrology, contracts, quality, benefit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hrp.assets.equipment import parameters
from hrp.assets.equipment.models import CoveredCard, ServiceContract, TaskResult
from hrp.assets.equipment.models.care import CONTROL
from hrp.assets.equipment.rules import limits
from hrp.assets.equipment.selectors import benefit, contracts, kpis, metrology, readiness
from hrp.assets.models import Asset
from hrp.assets.rules.months import Month
from hrp.platform.base import clock
from hrp.platform.ui.reports import Asked, ReportScreen, Row
from hrp.platform.ui.screens import Column, Filter

GROUP = ("assets", "报表")
SPAN = Filter("date", title="日期", kind="date_range")
UNIT = Filter("unit", title="科室", kind="register", register="org.unit")
ASSET = Filter("asset", title="设备", kind="register", register="assets.asset")
VIEW, EXPORT = "assets.equipment_report.view", "assets.equipment_report.export"
PERMISSIONS = {VIEW: "查看设备运维报表", EXPORT: "导出设备运维报表"}


def _text(name: str, title: str, **more: Any) -> Column:
    return Column(name, title=title, kind="text", **more)


def _cards(asked: Asked, *, medical: bool = True) -> list[Asset]:
    """The cards of a report: booked, of the departments its reader may look at, narrowed as asked."""
    found = Asset.objects.exclude(status="draft").select_related("asset_class", "org_unit")
    if medical:
        found = found.filter(asset_class__is_medical=True)
    if asked.units is not None:
        found = found.filter(org_unit_id__in=asked.units)
    if asked.values.get("unit"):
        found = found.filter(org_unit_id=asked["unit"])
    if asked.values.get("asset"):
        found = found.filter(pk=asked["asset"])
    return list(found.order_by("number"))


def _units(asked: Asked) -> frozenset[int] | None:
    wanted = asked.values.get("unit")
    if not wanted:
        return asked.units
    return frozenset({int(wanted)}) if asked.units is None or int(wanted) in asked.units else frozenset()


def _kpis(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    return list(
        kpis.measure(
            first=first, last=last, by=asked.values.get("by") or "asset", assets=_cards(asked),
            rated=Decimal(parameters.value("rated_hours", last)),
        )
    )  # fmt: skip


KPIS = ReportScreen(
    key="assets.kpi",
    title="设备运行指标",
    icon="activity",
    url="assets/reports/equipment-kpi",
    permission=VIEW,
    export=EXPORT,
    rows=_kpis,
    columns=(
        _text("name", "名称", card="title"), Column("machines", title="台数", kind="integer"), Column("failures", title="故障次数", kind="integer", total=True), Column("downtime", title="停机（小时）", kind="quantity", total=True),
        _text("mtbf", "MTBF（小时）"), _text("mttr", "MTTR（小时）"), Column("availability", title="可用率", kind="percent"), Column("operational", title="运行可用率", kind="percent"),
        Column("response", title="平均响应（分钟）", kind="quantity"), Column("first_fix", title="一次修复率", kind="percent"), Column("in_house", title="自修率", kind="percent"),
        Column("repair_cost", title="维修费（元）", kind="money", total=True), Column("cosr", title="维修费占原值", kind="percent"), Column("use", title="使用率", kind="percent"),
    ),
    filters=(SPAN, Filter("by", title="按", kind="choice", choices=kpis.BY), UNIT, ASSET),
    note="医疗设备。MTBF=(日历小时−停机)÷故障次数，MTTR=停机÷故障次数，可用率=MTBF÷(MTBF+MTTR)，运行可用率再减计划维护；没有故障的 MTBF 写作大于日历小时。停机自故障起到科室验收止，跨期的按落在期内的小时计。使用率以额定开机时间（业务参数）为分母。",
    menu=GROUP,
    order=210,
)  # fmt: skip


def _completion(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    grace = parameters.value("care_grace_days", last)
    return list(kpis.completion(first=first, last=last, units=_units(asked), grace=grace))


COMPLETION = ReportScreen(
    key="assets.care_completion",
    title="维护完成率",
    icon="checklist",
    url="assets/reports/care-completion",
    permission=VIEW,
    export=EXPORT,
    rows=_completion,
    columns=(
        _text("unit", "科室", card="title"), _text("kind", "类型"), Column("due", title="应完成", kind="integer", total=True), Column("done", title="已完成", kind="integer", total=True), Column("in_time", title="按期完成", kind="integer", total=True),
        Column("rate", title="完成率", kind="percent"), Column("allowed", title="完成率（计延期）", kind="percent"), Column("postponed", title="延期", kind="integer", total=True), Column("failed", title="不合格", kind="integer", total=True),
    ),
    filters=(SPAN, UNIT),
    note="完成率=按原计划日期完成（含宽限天数）÷应完成，取消的不计。计延期的以批准后的日期为准。",
    menu=GROUP,
    order=212,
)  # fmt: skip


def _readiness(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    first = max(first, last - dt.timedelta(days=62))
    target = Decimal(parameters.value("ready_target", last)) / 100
    return [
        {"on": row.on, "total": row.total, "checked": row.checked, "ready": row.ready, "rate": row.rate,
         "verdict": "—" if row.rate is None else ("达标" if row.rate >= target else "未达标")}
        for row in readiness.rates(first=first, last=min(last, clock.today()), units=_units(asked))
    ]  # fmt: skip


READY = ReportScreen(
    key="assets.ready_rate",
    title="急救设备完好率",
    icon="heartbeat",
    url="assets/reports/ready-rate",
    permission=VIEW,
    export=EXPORT,
    rows=_readiness,
    columns=(Column("on", title="日期", kind="date", card="title"), Column("total", title="总台数", kind="integer"), Column("checked", title="已检查", kind="integer"), Column("ready", title="完好", kind="integer"), Column("rate", title="完好率", kind="percent"), _text("verdict", "目标")),
    filters=(SPAN, UNIT),
    note="完好率=当日检查完好台数÷急救生命支持设备总台数，没有检查的不算完好；最多 63 天。目标见业务参数。",
    menu=GROUP,
    order=214,
)  # fmt: skip


def _metrology(asked: Asked) -> list[Row]:
    on = clock.today()
    state = asked.values.get("state")
    found: list[Row] = []
    for row in metrology.standing(on=on, units=_units(asked)):
        said = row.state(on)
        if not state or said == state:
            found.append(
                {"asset": str(row.instrument.asset), "unit": row.instrument.asset.org_unit.name, "kind": "强检" if row.instrument.compulsory else "非强检",
                 "organisation": row.instrument.organisation, "number": row.last.number if row.last else "", "due_on": row.due_on,
                 "left": (row.due_on - on).days, "state": said, "pk": row.instrument.pk}
            )  # fmt: skip
    return found


METROLOGY = ReportScreen(
    key="assets.metrology_due",
    title="计量到期",
    icon="ruler-2",
    url="assets/reports/metrology-due",
    permission=VIEW,
    export=EXPORT,
    rows=_metrology,
    columns=(_text("asset", "设备", card="title"), _text("unit", "科室"), _text("kind", "类别"), _text("organisation", "检定机构"), _text("number", "证书编号"), Column("due_on", title="到期日", kind="date"), Column("left", title="剩余天数", kind="integer"), Column("state", title="状态", kind="state", tones={"有效": "done", "待检": "wait", "超期": "back", "不合格": "back"})),
    filters=(Filter("state", title="状态", kind="choice", choices=tuple((one, one) for one in ("超期", "不合格", "待检", "有效"))), UNIT),
    link=lambda row: f"/assets/instruments/{row['pk']}",
    note="到期日为最近一份证书的有效期；没有证书的为首次到期日，最近一次不合格的为检定之日。",
    menu=GROUP,
    order=216,
)  # fmt: skip


def _months(asked: Asked) -> tuple[Month, Month]:
    """The months of a span; a year up to now where nothing was given."""
    first, last = asked.values.get("date") or (None, None)
    until = Month.holding(last or clock.today())
    return (Month.holding(first) if first else until + -11), until


def _expense(asked: Asked) -> list[Row]:
    first, last = _months(asked)
    cards = {asset.pk: asset for asset in _cards(asked, medical=False)}
    names = dict(ServiceContract.objects.values_list("pk", "number"))
    return [
        {"month": str(month), "contract": names[contract], "asset": str(cards[asset]), "unit": cards[asset].org_unit.name, "amount": amount, "pk": contract}
        for (contract, asset, month), amount in sorted(contracts.expense(first, last).items(), key=lambda item: (item[0][2], item[0][:2]))
        if asset in cards
    ]  # fmt: skip


EXPENSE = ReportScreen(
    key="assets.contract_expense",
    title="服务合同费用分摊",
    icon="file-dollar",
    url="assets/reports/contract-expense",
    permission=VIEW,
    export=EXPORT,
    rows=_expense,
    columns=(_text("month", "月份"), _text("contract", "合同"), _text("asset", "设备", card="title"), _text("unit", "科室"), Column("amount", title="费用（元）", kind="money", total=True)),
    filters=(SPAN, UNIT, ASSET),
    link=lambda row: f"/assets/contracts/{row['pk']}",
    note="合同金额按天数分到月、按权重分到设备，尾差归最大余数，合计等于合同金额。",
    menu=GROUP,
    order=218,
)  # fmt: skip


def _compared(asked: Asked) -> list[Row]:
    rows = ServiceContract.objects.exclude(fee=0).prefetch_related("cards")
    if asked.units is not None:  # the figures are of all machines together
        rows = rows.exclude(
            pk__in=CoveredCard.objects.exclude(asset__org_unit__in=asked.units).values("contract")
        )
    found = [contracts.compared(row, on=clock.today()) for row in rows]
    return [{**one, "name": str(one["contract"]), "pk": one["contract"].pk} for one in found]


COMPARED = ReportScreen(
    key="assets.contract_compare",
    title="合同与按次维修比较",
    icon="scale",
    url="assets/reports/contract-compare",
    permission="assets.contract.view",
    export="assets.contract.export",
    rows=_compared,
    columns=(
        _text("name", "合同", card="title"), Column("cards", title="设备", kind="integer"), Column("fee_year", title="年合同费（元）", kind="money", total=True), Column("extra", title="合同外另付（元）", kind="money", total=True), Column("repairs", title="维修次数", kind="integer"),
        Column("a_year", title="年维修次数", kind="quantity"), Column("price", title="合同外次均费用（元）", kind="money"), Column("known", title="参照次数", kind="integer"), Column("estimate", title="按次估算（元/年）", kind="money"), Column("saved", title="合同节约（元/年）", kind="money"),
    ),
    link=lambda row: f"/assets/contracts/{row['pk']}",
    note="次均费用取同型号设备不在合同期内、有费用的维修；没有可比的不估算。",
    menu=GROUP,
    order=220,
)  # fmt: skip


def _quality(asked: Asked) -> list[Row]:
    first, last = asked.span("date")
    found = TaskResult.objects.filter(
        task__template__kind__in=CONTROL, task__done_on__gte=first, task__done_on__lte=last
    ).select_related("task__asset", "task__template", "task__org_unit", "item")
    units = _units(asked)
    if units is not None:
        found = found.filter(task__org_unit_id__in=units)
    if asked.values.get("asset"):
        found = found.filter(task__asset_id=asked["asset"])
    return [
        {"asset": str(one.task.asset), "test": one.task.template.name, "item": one.item.name, "on": one.task.done_on,
         "value": "" if one.value is None else f"{one.value.normalize():f} {one.item.unit}", "limits": limits.described(one.low, one.high, one.item.unit),
         "passed": "合格" if one.passed else "不合格", "pk": one.task.asset_id}
        for one in found.order_by("task__asset__number", "item_id", "task__done_on")
    ]  # fmt: skip


QUALITY = ReportScreen(
    key="assets.quality",
    title="质控与电气安全结果",
    icon="chart-line",
    url="assets/reports/quality-control",
    permission=VIEW,
    export=EXPORT,
    rows=_quality,
    columns=(_text("asset", "设备", card="title"), _text("test", "检测"), _text("item", "项目"), Column("on", title="日期", kind="date"), _text("value", "测量值"), _text("limits", "合格范围"), Column("passed", title="结论", kind="state", tones={"合格": "done", "不合格": "back"})),
    filters=(SPAN, ASSET, UNIT),
    link=lambda row: f"/assets/trend/{row['pk']}",
    note="合格范围为检测当时模板的范围。点一行看趋势。",
    menu=GROUP,
    order=222,
)  # fmt: skip


def _machines(asked: Asked) -> list[benefit.Machine]:
    first, last = _months(asked)
    cards = _cards(asked, medical=False)
    found = Asset.objects.filter(pk__in=[card.pk for card in cards]).prefetch_related("funding__source")
    machines = benefit.machines(list(found.select_related("asset_class", "org_unit")), first=first, last=last)
    return sorted(
        (one for one in machines if one.revenue or one.volume or one.forecast), key=lambda one: -one.result().surplus
    )  # fmt: skip


def _benefit(asked: Asked) -> list[Row]:
    own = asked.values.get("view") == "own"
    rate = Decimal(parameters.value("discount_rate", clock.today()))
    found: list[Row] = []
    for machine in _machines(asked):
        result, year = machine.result(own=own), machine.yearly(own=own)
        found.append(
            {"asset": str(machine.asset), "unit": machine.asset.org_unit.name, "revenue": machine.revenue, "volume": machine.volume,
             "depreciation": machine.worn_own if own else machine.direct.get("折旧", Decimal(0)), "cost": result.total_cost, "surplus": result.surplus,
             "margin": result.margin / 100 if result.margin is not None else None, "roi": year.roi / 100 if year.roi is not None else None,
             "payback": year.static_payback_years, "dynamic": machine.dynamic_payback(rate), "even": machine.break_even,
             "one": machine.cost_of_one, "positive": machine.positive_rate, "pk": machine.asset.pk}
        )  # fmt: skip
    return found


BENEFIT = ReportScreen(
    key="assets.benefit_ranking",
    title="单机效益",
    icon="coins",
    url="assets/reports/machine-benefit",
    permission="assets.benefit.view",
    export="assets.benefit.export",
    rows=_benefit,
    columns=(
        _text("asset", "设备", card="title"), _text("unit", "科室"), Column("revenue", title="收入（元）", kind="money", total=True), Column("volume", title="人次", kind="integer", total=True), Column("depreciation", title="折旧（元）", kind="money", total=True),
        Column("cost", title="总成本（元）", kind="money", total=True), Column("surplus", title="结余（元）", kind="money", total=True, card="amount"), Column("margin", title="结余率", kind="percent"), Column("one", title="单次成本（元）", kind="money"), Column("roi", title="年投资收益率", kind="percent"),
        Column("payback", title="静态回收期（年）", kind="quantity"), Column("dynamic", title="动态回收期（年）", kind="quantity"), Column("even", title="保本人次（年）", kind="integer"), Column("positive", title="阳性率", kind="percent"),
    ),
    filters=(SPAN, Filter("view", title="口径", kind="choice", choices=(("all", "全部资金"), ("own", "自有资金"))), UNIT, ASSET),
    link=lambda row: f"/assets/cards/{row['pk']}",
    note="收入、人次与其他成本为登记数；折旧、维修、服务合同、计量自动取自各自的记录。静态回收期=投资÷(年结余+年折旧)；不足一年的折算为一年。默认近十二个月。",
    menu=GROUP,
    order=224,
)  # fmt: skip


def _forecast(asked: Asked) -> list[Row]:
    found: list[Row] = []
    for machine in _machines(asked):
        hoped = machine.forecast
        if hoped is not None:
            scale, year = Decimal(12) / machine.months, machine.yearly()
            volume, revenue = machine.volume * scale, machine.revenue * scale
            found.append(
                {"asset": str(machine.asset), "study": hoped.study, "volume_hoped": hoped.volume, "volume": int(volume), "volume_rate": volume / hoped.volume if hoped.volume else None,
                 "revenue_hoped": hoped.revenue, "revenue": revenue.quantize(Decimal("0.01")), "revenue_rate": revenue / hoped.revenue if hoped.revenue else None,
                 "cost_hoped": hoped.cost, "cost": year.total_cost.quantize(Decimal("0.01")), "payback_hoped": hoped.payback_years, "payback": year.static_payback_years, "pk": machine.asset.pk}
            )  # fmt: skip
    return found


FORECAST = ReportScreen(
    key="assets.forecast_actual",
    title="效益预测与实际",
    icon="target",
    url="assets/reports/forecast-actual",
    permission="assets.benefit.view",
    export="assets.benefit.export",
    rows=_forecast,
    columns=(
        _text("asset", "设备", card="title"), _text("study", "论证文号"), Column("volume_hoped", title="预测人次", kind="integer"), Column("volume", title="实际人次", kind="integer"), Column("volume_rate", title="达成", kind="percent"),
        Column("revenue_hoped", title="预测收入（元）", kind="money", total=True), Column("revenue", title="实际收入（元）", kind="money", total=True), Column("revenue_rate", title="达成", kind="percent"), Column("cost_hoped", title="预测成本（元）", kind="money", total=True), Column("cost", title="实际成本（元）", kind="money", total=True),
        Column("payback_hoped", title="预测回收期（年）", kind="quantity"), Column("payback", title="实际回收期（年）", kind="quantity"),
    ),
    filters=(SPAN, UNIT, ASSET),
    link=lambda row: f"/assets/cards/{row['pk']}",
    note="实际数折算为一年，与论证报告的年预测比较，供一年、三年审后评价。",
    menu=GROUP,
    order=226,
)  # fmt: skip

ALL = (KPIS, COMPLETION, READY, METROLOGY, EXPENSE, COMPARED, QUALITY, BENEFIT, FORECAST)
