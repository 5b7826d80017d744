"""A believable year at the desk of the demo hospital, told through the same verbs people use.

Every ticket of the past is lived through at its own time (``clock.pinned``); nothing is written behind the services.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hrp.operations.contracts import services as contracts
from hrp.operations.contracts.defaults import default_body
from hrp.operations.contracts.models import Contract, Side
from hrp.operations.contracts.selectors import side_of
from hrp.operations.desk.models import Breach, Ruling, Ticket
from hrp.operations.desk.services import breaches, closing, escalating, handling, intake, reviewing, rulings
from hrp.operations.desk.services.paging import source_of
from hrp.operations.duty import demo as duty
from hrp.operations.duty.models import PagingRun
from hrp.operations.duty.selectors import on_duty, open_run_of
from hrp.operations.duty.services import calling, paging
from hrp.platform.access.models import Role, RoleGrant, User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.org.models import OrgUnit

AGENT, ENGINEER, COUNTERPART = "sunhao", "zhouyi", "wulei"
"""The demo accounts the desk lives with: 座席 and 工程师 of the supplier, 系统主管工程师 of the hospital."""

_TITLES = {
    AGENT: ["服务台主管", "客户经理", "客户所在地客户经理"],
    ENGINEER: ["值班工程师"],
    COUNTERPART: ["甲方系统主管工程师"],
}
_OTHERS: tuple[tuple[str, str, Side, list[str]], ...] = (
    ("hejing", "何静", Side.SUPPLIER, ["产品团队"]),
    ("fangwei", "方伟", Side.SUPPLIER, ["公司高级经理", "公司高级经理主管人员"]),
    ("qianli", "钱力", Side.SUPPLIER, ["值班工程师"]),
    ("luomin", "罗敏", Side.SUPPLIER, ["值班工程师"]),
    ("shenqi", "沈奇", Side.SUPPLIER, []),
    ("tangyu", "唐宇", Side.SUPPLIER, []),
    ("hanxue", "韩雪", Side.SUPPLIER, []),
    ("songlei", "宋磊", Side.HOSPITAL, ["甲方信息科主任"]),
)
"""People of the contract who get notices but never sign in to the demo."""

_CALLERS = ("王药师", "刘护士长", "陈会计", "周主任", "许老师", "郑库管", "沈护士", "吕医生")


@dataclass(frozen=True)
class Fault:
    """A fault as it is told, and how it was put right. ``cause_class`` as in the maintenance record."""

    level: str
    module: str
    title: str
    told: str
    cause_class: str
    cause: str
    cure: str
    tests: str
    commands: str = ""
    advice: str = ""
    onsite: str = ""


_LOGISTICS, _ASSETS, _HR, _COSTING = (
    "物流管理系统",
    "固定资产管理系统",
    "人力资源管理系统",
    "成本核算管理系统",
)

FAULTS: tuple[Fault, ...] = (
    Fault("1", _LOGISTICS, "全院各库房无法出库", "三个库房点出库即报错，手术室催领，无变通办法", "database",
          "归档日志写满磁盘，事务无法提交", "清理过期归档并扩容，重启应用服务，补做积压出库",
          "三个库房各出库一笔，库存与流水相符", "pg_archivecleanup /var/lib/hrp/archive 0000000100000023000000A1",
          "磁盘使用率 85% 时告警", onsite="机房磁盘阵列告警，需现场更换硬盘"),
    Fault("A", _LOGISTICS, "扫码入库每张单要等一分钟", "全部库房都慢，收货排队", "database",
          "统计信息过期，查询改走全表扫描", "更新统计信息，恢复索引扫描", "入库保存耗时由 62 秒降到 0.4 秒",
          "ANALYZE logistics_stock_move;", "纳入每周自动分析"),
    Fault("B", _LOGISTICS, "骨科高值耗材条码扫不出", "一个供应商的新条码识别不了，可手工录入", "software",
          "新条码为 GS1 复合码，解析规则缺少序列号段", "补充解析规则，随补丁 V2.3.1 发布", "二十个样码全部识别",
          advice="供应商换码前提前一周通知"),
    Fault("B", _ASSETS, "盘点单导出缺少使用科室", "导出的盘点单科室列为空", "software", "导出模板未随字段更名调整",
          "修正导出模板", "导出三个科室的盘点单，逐列核对无误"),
    Fault("B", _HR, "两名调入人员工资未带出岗位津贴", "人事科核对发现", "data", "调入日期跨月，生效日录为次月",
          "按更正流程补录生效日，重算两人当月工资", "工资条与手工核算一致", advice="调入日期以报到日为准"),
    Fault("B", _COSTING, "分摊结果与上月差异很大", "门诊科室成本突增三成", "data", "水电表读数重复导入一次",
          "红冲重复的统计量单据，重新运行分摊", "重算后差异在 2% 以内"),
    Fault("B", _LOGISTICS, "采购订单无法发送给供应商", "邮件退回，可电话下单", "interface", "邮件网关更换后授权过期",
          "更新网关授权，补发积压订单 14 张", "向三家供应商各发送一张并收到回执"),
    Fault("B", _ASSETS, "三台呼吸机找不到折旧", "设备科月末核对少三台", "operation", "建卡时未选折旧方法",
          "指导补选并计提当月折旧", "三台设备折旧入账，与手工计算一致"),
    Fault("C", _COSTING, "想在报表里加一列上年同期", "财务科建议", "other", "功能咨询", "演示如何用对比期间，列入需求清单",
          "财务科按步骤自行查得"),
    Fault("C", _HR, "忘记如何打印在职证明", "人事科新来的老师", "operation", "操作咨询", "电话指导，发送操作说明",
          "用户自行打印成功"),
    Fault("C", _LOGISTICS, "列表的列宽每次都要重新调", "库房建议", "software", "列设置未随用户保存",
          "随补丁 V2.3.1 修正", "重新登录后列宽保持"),
    Fault("C", _ASSETS, "资产标签打印偏了两毫米", "标签机换了新卷", "configuration", "标签模板边距与新卷不符",
          "现场调整打印机边距", "连续打印二十张，位置一致", onsite="需现场调整标签打印机"),
    Fault("C", _LOGISTICS, "一台收货电脑打不开系统", "其他电脑正常", "environment", "浏览器版本过旧", "升级浏览器",
          "该机可正常收货"),
)  # fmt: skip


def seed(
    rng: random.Random,
    users: Mapping[str, User],
    units: Sequence[OrgUnit],
    today: dt.date,
    *,
    months: int = 6,
    per_month: int = 2,
) -> list[Ticket]:
    """Register the contract and live through ``months`` months of tickets, ending with some still open now.

    ``users`` holds the demo accounts by username, ``units`` the departments that call. Same ``rng``, same story.
    """
    contract = _contract(users, units[0], today)
    _lay_rota(users, today, months)
    desk = _Desk(rng, users, units, contract)
    tickets = [
        desk.closed_ticket(moment, fault, late=index % 7 == 3)
        for index, (moment, fault) in enumerate(_past(rng, today, months, per_month))
    ]
    desk.rule()
    return [*tickets, *desk.tickets_of_now(clock.now())]


def _contract(users: Mapping[str, User], unit: OrgUnit, today: dt.date) -> Contract:
    """Two years from January of last year, one contract a year, figures as shipped, signed by both."""
    first = today.year - 1
    robot = system_actor("demo", title="演示数据")
    with clock.pinned(clock.at(dt.date(first, 1, 1), 0)):
        contract = contracts.register_contract(
            actor=robot,
            number=f"HRP-YW-{first}",
            name="HRP系统运维服务合同",
            hospital=unit.campus.hospital,
            supplier_name="杏林软件有限公司",
            hotline="400-800-1234",
            starts_on=dt.date(first, 1, 1),
            ends_on=dt.date(today.year, 12, 31),
        )
        for username, titles in _TITLES.items():
            side = Side.HOSPITAL if username == COUNTERPART else Side.SUPPLIER
            contracts.add_member(actor=robot, user=users[username], side=side, titles=titles)
        for username, name, side, titles in _OTHERS:
            person = User.objects.create_user(username, None, display_name=name)
            contracts.add_member(actor=robot, user=person, side=side, titles=titles)
            _let_work(person, side, dt.date(first, 1, 1))
        version = contracts.draft_version(
            actor=robot, contract=contract, body=default_body(), valid_from=clock.at(dt.date(first, 1, 1), 0)
        )
        for username in (ENGINEER, COUNTERPART):
            contracts.sign_version(actor=users[username], version=version)
        for year in (first, today.year):
            contracts.add_year(
                actor=robot,
                contract=contract,
                number=f"{contract.number}-{year}",
                starts_on=dt.date(year, 1, 1),
                ends_on=dt.date(year, 12, 31),
                signed_on=dt.date(year - 1, 12, 18),
            )
    return contract


def _let_work(person: User, side: Side, since: dt.date) -> None:
    """The supplier's engineers may do what engineers do, where the hospital has that role."""
    role = Role.objects.filter(code="service_engineer").first()
    if role is not None and side == Side.SUPPLIER:
        RoleGrant.objects.create(user=person, role=role, duty=role.duty, valid_from=since)


def _lay_rota(users: Mapping[str, User], today: dt.date, months: int) -> None:
    everybody = {username: user for username, user in users.items() if username in _TITLES}
    for username, *_ in _OTHERS:
        everybody[username] = User.objects.get(username=username)
    members = {user.pk for user in everybody.values() if side_of(user) == Side.HOSPITAL.value}
    duty.seed(
        boss=users[AGENT],
        team={name: user for name, user in everybody.items() if user.pk not in members},
        hospital={name: user for name, user in everybody.items() if user.pk in members},
        today=today,
        months=months,
    )


def _past(rng: random.Random, today: dt.date, months: int, per_month: int) -> list[tuple[dt.datetime, Fault]]:
    """When what went wrong, oldest first, none later than the day before yesterday."""
    days = range(3, months * 30)
    moments = sorted(
        clock.at(today - dt.timedelta(days=rng.choice(days)), rng.choice((0, 7, 8, 8, 9, 9, 10, 11, 14, 15, 16, 21)), rng.randrange(60))
        for _ in range(months * per_month)
    )  # fmt: skip
    pool = list(FAULTS)
    rng.shuffle(pool)
    return [(moment, pool[index % len(pool)]) for index, moment in enumerate(moments)]


def _look() -> None:
    """One look at the clocks, as the duty takes it every two seconds."""
    breaches.judge_due(actor=system_actor("desk", title="服务台时钟"))
    escalating.tell_waiting(now=clock.now(), backlog=False)


class _Desk:
    """The people of the desk at work; each verb is lived through at its own minute."""

    def __init__(
        self, rng: random.Random, users: Mapping[str, User], units: Sequence[OrgUnit], contract: Contract
    ) -> None:
        self.rng, self.units, self.contract = rng, units, contract
        self.agent, self.engineer, self.head = users[AGENT], users[ENGINEER], users[COUNTERPART]

    def at(self, start: dt.datetime, minutes: float, verb: Callable[..., object], **facts: object) -> None:
        with clock.pinned(start + dt.timedelta(minutes=minutes)):
            verb(**facts)

    def watch(self, moment: dt.datetime, until: float, target: float) -> None:
        """The clocks are looked at while nobody has answered: half way, three quarters, nearly, and when it is missed."""
        for part in (0.5, 0.75, 0.9, 1.0):
            if target * part < until:
                self.page(
                    moment + dt.timedelta(minutes=target * part)
                )  # the chain is written in the order of time
                self.at(moment, target * part + 0.03, _look)

    def call(self, moment: dt.datetime, fault: Fault, *, answered_s: int | None = None) -> Ticket:
        report = intake.Report(
            org_unit=self.rng.choice(self.units),
            module=fault.module,
            title=fault.title,
            level=fault.level,
            reporter_name=self.rng.choice(_CALLERS),
            reporter_phone=f"6{self.rng.randrange(100, 999)}",
            description=fault.told,
        )
        answered = None if answered_s is None else moment + dt.timedelta(seconds=answered_s)
        with clock.pinned(moment + dt.timedelta(seconds=60)):
            call = intake.Call(call_at=moment, answered_at=answered, caller=report.reporter_phone)
            ticket = intake.log_phone_contact(actor=self.agent, report=report, call=call)
        self.page(moment + dt.timedelta(seconds=62))
        if answered is not None:
            self.answer_page(ticket, moment + dt.timedelta(seconds=80))
        return ticket

    def page(self, until: dt.datetime) -> None:
        """Let every paging run up to an instant, each step at its second, as the worker would."""
        due = PagingRun.objects.filter(next_at__lte=until).order_by("next_at")
        while (run := due.first()) is not None and run.next_at is not None:
            with clock.pinned(run.next_at):
                calling.scan()

    def answer_page(self, ticket: Ticket, at: dt.datetime) -> None:
        """Whoever is on duty first presses the button."""
        run = open_run_of(source_of(ticket))
        if run is not None:
            with clock.pinned(at):
                paging.acknowledge(run=run, user=next(iter(on_duty(at).values()))[0], via="button")

    def closed_ticket(self, moment: dt.datetime, fault: Fault, *, late: bool) -> Ticket:
        """A whole life; a ``late`` one was answered after its target."""
        grave = fault.level in ("1", "A")
        target = 5 if grave else 60 if fault.level == "B" else 120
        answered_s = None if late or self.rng.random() < 0.4 else self.rng.randrange(6, 25)
        ticket = self.call(moment, fault, answered_s=answered_s)
        minute = 1.5
        if answered_s is None:
            minute = target + 2.5 if late else target * self.rng.uniform(0.4, 0.8)
            self.watch(moment, minute, target)
            self.page(moment + dt.timedelta(minutes=minute))
            self.at(
                moment, minute, handling.respond, actor=self.engineer, ticket=ticket, note="已与报修人通话"
            )
        if grave:
            minute = max(minute + 3, self.rng.uniform(15, 45))
            self.at(
                moment, minute, handling.start_emergency, actor=self.engineer, ticket=ticket,
                commander=self.agent.display_name, staff=f"{self.engineer.display_name}、何静", plan="EP-HRP-01 v3",
                bridge="内线 8000",
            )  # fmt: skip
        minute = self._visit(moment, minute, ticket, fault)
        minute += self.rng.uniform(20, 90)
        self.at(moment, minute, handling.resolve, actor=self.engineer, ticket=ticket, summary=fault.cure)
        self._finish(moment, minute, ticket, fault)
        ticket.refresh_from_db()
        return ticket

    def _visit(self, moment: dt.datetime, minute: float, ticket: Ticket, fault: Fault) -> float:
        if not fault.onsite:
            return minute
        failed = minute + self.rng.uniform(5, 20)
        self.at(
            moment,
            failed,
            handling.declare_remote_failed,
            actor=self.engineer,
            ticket=ticket,
            reason=fault.onsite,
        )
        arrived = failed + self.rng.uniform(70, 200)
        self.at(
            moment, arrived, handling.arrive_on_site, actor=self.engineer, ticket=ticket, place="信息科机房",
            witness=self.head.display_name,
        )  # fmt: skip
        return arrived

    def _record(self, fault: Fault) -> closing.RecordText:
        return closing.RecordText(
            mode="onsite" if fault.onsite else "remote",
            symptom=fault.told,
            cause_class=fault.cause_class,
            cause=fault.cause,
            actions=fault.cure,
            tests=fault.tests,
            commands=fault.commands,
            advice=fault.advice,
        )

    def _finish(self, moment: dt.datetime, minute: float, ticket: Ticket, fault: Fault) -> None:
        text = self._record(fault)
        written = minute + self.rng.uniform(15, 120)
        self.at(
            moment, written, closing.write_maintenance_record, actor=self.engineer, ticket=ticket, text=text
        )
        confirmed = self._in_office_hours(moment, written + self.rng.uniform(30, 900))
        self.at(
            moment, confirmed, closing.confirm_by_hospital, actor=self.head, ticket=ticket, opinion="已恢复"
        )
        if fault.level in ("1", "A"):
            self._review(moment, confirmed, ticket, fault)
            confirmed += 1500
        self.at(moment, confirmed + 2, closing.close, actor=self.head, ticket=ticket)

    def _review(self, moment: dt.datetime, confirmed: float, ticket: Ticket, fault: Fault) -> None:
        """The next day the supplier lays the review before the hospital, which accepts it some minutes later."""
        day = clock.local(moment + dt.timedelta(minutes=confirmed)).date()
        action = reviewing.ReviewAction(
            fault.advice or fault.tests, self.engineer.display_name, day + dt.timedelta(days=14)
        )
        self.at(
            moment, confirmed + 1430, reviewing.write_review, actor=self.engineer, ticket=ticket,
            root_cause=fault.cause, delays="无", actions=[action],
        )  # fmt: skip
        self.at(moment, confirmed + 1490, reviewing.approve_review, actor=self.head, ticket=ticket)

    def rule(self) -> None:
        """The parties have ruled on what was missed so far, save the last, which waits for the hospital."""
        yesterday = clock.today() - dt.timedelta(days=1)
        missed = [
            (breach, clock.local(breach.ticket.judged_at).date() + dt.timedelta(days=1))
            for breach in Breach.objects.select_related("ticket").order_by("due")
        ]
        missed = [(breach, day) for breach, day in missed if day <= yesterday]
        for place, (breach, day) in enumerate(missed):
            with clock.pinned(clock.at(day, 10, 20)):
                rulings.propose(
                    actor=self.agent, breach=breach, outcome="excused", reason="报修电话打到了停用的旧号码，热线当时畅通",
                    evidence=f"热线话单 {breach.ticket.number[2:]}",
                )  # fmt: skip
            if place < len(missed) - 1:
                self._answer(breach, day, upheld=place % 2 == 0)

    def _answer(self, breach: Breach, day: dt.date, *, upheld: bool) -> None:
        """The hospital agrees, or proposes otherwise and the supplier gives in."""
        proposed = Ruling.objects.filter(breach=breach).latest("pk")
        if not upheld:
            with clock.pinned(clock.at(day, 15, 5)):
                rulings.sign(actor=self.head, ruling=proposed)
            return
        with clock.pinned(clock.at(day, 15, 5)):
            counter = rulings.propose(
                actor=self.head,
                breach=breach,
                outcome="upheld",
                reason="新号码此前未通知到科室，超时照常计入",
            )
        with clock.pinned(clock.at(day, 16, 40)):
            rulings.sign(actor=self.agent, ruling=counter)

    def _in_office_hours(self, moment: dt.datetime, minute: float) -> float:
        """The hospital signs between eight and half past five: later than that, the next morning."""
        wanted = clock.local(moment + dt.timedelta(minutes=minute))
        if dt.time(8) <= wanted.time() < dt.time(17, 30):
            return minute
        day = wanted.date() + dt.timedelta(days=wanted.hour >= 8)
        return (clock.at(day, 8, self.rng.randrange(5, 55)) - moment) / dt.timedelta(minutes=1)

    def tickets_of_now(self, now: dt.datetime) -> list[Ticket]:
        """What is on the desk this minute: something grave, something waiting, something nobody has looked at."""

        def ago(minutes: float) -> dt.datetime:
            return now - dt.timedelta(minutes=minutes)

        by_title = {fault.title: fault for fault in FAULTS}
        grave = self.call(ago(26), by_title["扫码入库每张单要等一分钟"], answered_s=11)
        waiting = self.call(ago(48), by_title["骨科高值耗材条码扫不出"])
        self.call(ago(31), by_title["列表的列宽每次都要重新调"])
        late = self.call(ago(75), by_title["采购订单无法发送给供应商"])
        visit = self.call(ago(190), by_title["资产标签打印偏了两毫米"], answered_s=14)
        self.at(
            ago(190),
            35,
            handling.declare_remote_failed,
            actor=self.engineer,
            ticket=visit,
            reason="需现场调整标签打印机",
        )
        solved = self.call(ago(150), by_title["三台呼吸机找不到折旧"], answered_s=9)
        self.at(
            ago(150), 70, handling.resolve, actor=self.engineer, ticket=solved, summary="指导补选折旧方法"
        )
        written = self.call(ago(400), by_title["盘点单导出缺少使用科室"], answered_s=20)
        fault = by_title["盘点单导出缺少使用科室"]
        self.at(ago(400), 90, handling.resolve, actor=self.engineer, ticket=written, summary=fault.cure)
        self.at(
            ago(400),
            130,
            closing.write_maintenance_record,
            actor=self.engineer,
            ticket=written,
            text=self._record(fault),
        )
        self.watch(late.first_contact_at, 75, 60)
        self.page(now)
        with clock.pinned(now):
            _look()
        return [grave, waiting, late, visit, solved, written]
