"""Two emergencies of the demo hospital's past, commanded, looked back on, one action of them still open; gates, roads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hrp.operations.contracts.models import Contract
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.services import closing, handling, intake, reviewing
from hrp.operations.incidents.models import Gate, TravelTime
from hrp.operations.incidents.services import command, onsite, reviews
from hrp.platform.access.models import User
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock
from hrp.platform.org.models import Campus, OrgUnit

AGENT, ENGINEER, COUNTERPART = "sunhao", "zhouyi", "wulei"


@dataclass(frozen=True)
class Story:
    """An emergency as it was lived through: minutes after the first call."""

    days_ago: int
    hour: int
    level: str
    title: str
    told: str
    plan: str
    updates: tuple[tuple[float, str], ...]
    decisions: tuple[tuple[float, str], ...]
    onsite: str
    solved: float
    cure: str
    cause_class: str
    cause: str
    delays: str
    actions: tuple[tuple[str, str, int], ...]
    finished: int


STORIES = (
    Story(
        47, 22, "1", "夜间全院无法出库，手术室催领", "三个库房点出库即报错，手术室两台急诊手术待领耗材", "EP-HRP-01 v3",
        ((38, "主库存储控制器告警，数据完好；正在切换到备库，库房改用纸质领料单，预计 22:50 恢复。"),
         (66, "切换备库失败：备库回放落后 4 分钟，先补齐再切。手术室已按纸质单发放。"),
         (95, "工程师在路上，携备用控制器；备库已追平。"), (124, "工程师到机房，更换控制器中。")),
        ((22, "按 EP-HRP-01 启动，先保手术室：纸质领料单优先发放急诊手术"), (70, "不强切落后的备库，宁可等待追平，避免丢单"),
         (112, "到场后直接更换控制器，备库保留为后备")),
        "主库存储控制器故障，须现场更换硬件", 152, "更换存储控制器，主库恢复，补录手工单 23 张并核对余额", "environment",
        "存储控制器电池老化，写缓存被禁用后控制器离线；巡检未包含电池寿命", "备库回放落后未告警，切换推迟 26 分钟；夜间等待机房门禁 9 分钟",
        (("控制器电池寿命纳入季度巡检", "周毅", 30), ("备库回放落后 60 秒告警", "周毅", 21), ("总值班培训夜间机房开门流程", "吴磊", 75)), 2,
    ),
    Story(
        19, 10, "A", "成本分摊期间全系统变慢", "点任何页面都要等一分钟，收货排队", "EP-HRP-02 v1",
        ((41, "分摊任务占满数据库连接，已限制其并发；页面恢复到 3 秒以内。"), (69, "连接数正常，观察 30 分钟后宣布恢复。")),
        ((30, "先限制分摊并发，不中止任务，避免重跑"),), "", 88, "限制批处理并发并加索引，页面恢复到 0.5 秒以内", "configuration",
        "月末分摊与收货高峰同时发生，批处理未设并发上限", "无", (("批处理连接数上限写入发布清单", "何静", 10),), 1,
    ),
)  # fmt: skip


def seed(
    users: Mapping[str, User], contract: Contract, units: Sequence[OrgUnit], today: dt.date
) -> list[Ticket]:
    """Gates and roads first, then the stories, oldest first, each act at its own minute."""
    _surroundings(users, contract, today)
    gate = Gate.objects.order_by("pk").first()
    if gate is None:
        return []
    _sign_visits(users[COUNTERPART])
    return [_Incident(users, units[-1], gate, story, today).live() for story in STORIES]


def _sign_visits(head: User) -> None:
    """The hospital's engineer signs for the visits of the desk's other tickets, some minutes after each arrival."""
    for event in TicketEvent.objects.filter(type="ONSITE_ARRIVED").select_related("ticket", "actor"):
        with clock.pinned(event.at + dt.timedelta(minutes=6)):
            onsite.sign_arrival(
                actor=head, ticket=event.ticket, person=event.actor.display_name, place=event.payload["place"]
            )


def _surroundings(users: Mapping[str, User], contract: Contract, today: dt.date) -> None:
    robot = system_actor("demo", title="演示数据")
    with clock.pinned(clock.at(contract.starts_on, 8)):
        for campus in Campus.objects.filter(hospital=contract.hospital).order_by("code"):
            gate = Gate(campus=campus, name=f"{campus.name}机房门禁", place="三楼信息科机房")
            gate.code = f"demo-{campus.code}-7Q2M"
            onsite.set_up_gate(actor=robot, gate=gate)
    for username, place, minutes, phone in (
        (ENGINEER, "杏林市高新区驻地", 45, "13800001001"),
        (AGENT, "省城办事处", 150, "13800001002"),
    ):
        TravelTime.objects.create(
            user=users[username], starts_from=place, minutes=minutes, phone=phone,
            verified_on=today - dt.timedelta(days=40),
        )  # fmt: skip


class _Incident:
    """One story told through the verbs of desk and command."""

    def __init__(
        self, users: Mapping[str, User], unit: OrgUnit, gate: Gate, story: Story, today: dt.date
    ) -> None:
        self.agent, self.engineer, self.head = users[AGENT], users[ENGINEER], users[COUNTERPART]
        self.unit, self.gate, self.story = unit, gate, story
        self.start = clock.at(today - dt.timedelta(days=story.days_ago), story.hour, 4)

    def at(self, minute: float, verb: Callable[..., object], **facts: object) -> None:
        with clock.pinned(self.start + dt.timedelta(minutes=minute)):
            verb(**facts)

    def live(self) -> Ticket:
        ticket = self._call()
        self._command(ticket)
        self._finish(ticket)
        ticket.refresh_from_db()
        return ticket

    def _call(self) -> Ticket:
        story = self.story
        report = intake.Report(
            org_unit=self.unit, module="物流管理系统", title=story.title, level=story.level, reporter_name="王敏",
            reporter_phone="6612", description=story.told,
        )  # fmt: skip
        with clock.pinned(self.start + dt.timedelta(minutes=1)):
            call = intake.Call(
                call_at=self.start, answered_at=self.start + dt.timedelta(seconds=14), caller="6612"
            )
            return intake.log_phone_contact(actor=self.agent, report=report, call=call)

    def _command(self, ticket: Ticket) -> None:
        """What happens between the call and the end of the emergency, in the order of the minutes."""
        story, engineer = self.story, self.engineer
        scenes: list[tuple[float, Callable[..., object], dict[str, object]]] = [
            (18, handling.start_emergency, {
                "actor": engineer, "commander": "孙浩", "staff": "周毅、何静", "plan": story.plan, "bridge": "内线 8000",
            }),
            (19, command.take_role, {"actor": self.agent, "role": "scribe", "person": "孙浩"}),
            (20, command.take_role, {"actor": self.head, "role": "hospital", "person": "吴磊"}),
            (story.solved, handling.resolve, {"actor": engineer, "summary": story.cure}),
            (story.solved + 14, command.end_emergency, {"actor": self.head, "text": "各库房出库正常，手工单已补录"}),
        ]  # fmt: skip
        scenes += [(at, command.post_update, {"actor": engineer, "text": text}) for at, text in story.updates]
        scenes += [
            (at, command.decide, {"actor": self.agent, "decided": text}) for at, text in story.decisions
        ]
        if story.onsite:
            scenes += [
                (52, handling.declare_remote_failed, {"actor": engineer, "reason": story.onsite}),
                (58, onsite.dispatch, {"actor": self.agent, "person": engineer}),
                (110, onsite.check_in, {"actor": engineer, "gate": self.gate, "note": "携带备用控制器"}),
                (114, onsite.sign_arrival, {"actor": self.head, "person": "周毅", "place": "三楼信息科机房"}),
                (story.solved + 30, onsite.depart, {"actor": engineer, "person": "周毅"}),
            ]
        for minute, verb, facts in sorted(scenes, key=lambda scene: scene[0]):
            self.at(minute, verb, ticket=ticket, **facts)

    def _finish(self, ticket: Ticket) -> None:
        story, day = self.story, clock.local(self.start).date()
        text = closing.RecordText(
            mode="onsite" if story.onsite else "remote", symptom=story.told, cause_class=story.cause_class,
            cause=story.cause, actions=story.cure, tests="三个库房各出库一笔，库存与流水相符",
        )  # fmt: skip
        after = story.solved + 60
        self.at(after, closing.write_maintenance_record, actor=self.engineer, ticket=ticket, text=text)
        morning = (clock.at(day + dt.timedelta(days=1), 9) - self.start) / dt.timedelta(minutes=1)
        self.at(morning, closing.confirm_by_hospital, actor=self.head, ticket=ticket, opinion="已恢复")
        actions = [
            reviewing.ReviewAction(what, owner, day + dt.timedelta(days=days))
            for what, owner, days in story.actions
        ]
        self.at(
            morning + 300, reviewing.write_review, actor=self.engineer, ticket=ticket, root_cause=story.cause,
            delays=story.delays, actions=actions,
        )  # fmt: skip
        self.at(
            morning + 390, reviewing.approve_review, actor=self.head, ticket=ticket, opinion="同意，按期完成"
        )
        self.at(morning + 395, closing.close, actor=self.head, ticket=ticket)
        written = TicketEvent.objects.get(ticket=ticket, type="REVIEW_WRITTEN")
        for position in range(1, story.finished + 1):
            self.at(
                morning + 1440 * 8 + position, reviews.finish_action, actor=self.engineer, event_id=written.pk,
                position=position, evidence="已完成，见变更单 BG-0121，双方复测通过",
            )  # fmt: skip
