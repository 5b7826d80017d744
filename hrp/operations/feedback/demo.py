"""What the demo hospital says back: marks on past tickets, a survey, questions and suggestions, one complaint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.services import knowing
from hrp.operations.feedback.models import Enquiry
from hrp.operations.feedback.services import enquiries, rating, surveys
from hrp.operations.feedback.services.enquiries import Asked
from hrp.operations.knowledge import selectors as knowledge
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org import selectors as org
from hrp.platform.org.models import OrgUnit

HEAD, ENGINEER, AGENT = "wulei", "zhouyi", "sunhao"
_LOGISTICS, _COSTING, _HR = "物流管理系统", "成本核算管理系统", "人力资源管理系统"

_MARKS = (
    (5, ""),
    (5, ""),
    (4, ""),
    (5, ""),
    (3, "等了很久才有人接电话"),
    (5, ""),
    (4, ""),
    (2, "同样的问题上月报过一次，没有根治"),
)
_QUESTIONS = (("报修后响应的速度", "score"), ("问题解决的效果", "score"), ("工程师的服务态度", "score"), ("对运维服务有什么建议", "text"))  # fmt: skip
_REPLIES = (
    ("5", "5", "5", ""), ("4", "4", "5", "夜班时电话有时占线"), ("5", "4", "5", ""), ("4", "3", "4", "希望多到科室走走"),
    ("5", "5", "5", "很满意"), ("3", "4", "4", "打印机问题反复出现"), ("5", "5", "4", ""), ("4", "4", "4", "培训能否录像"),
)  # fmt: skip

_ANSWER, _DECIDE, _ASSIGN, _FINISH, _JUDGE = (
    enquiries.answer, enquiries.decide, enquiries.assign, enquiries.finish, enquiries.judge,
)  # fmt: skip

_STORIES: tuple[tuple[int, str, str, str, str, str, tuple[tuple[int, int, str, Callable[..., object], dict[str, object]], ...]], ...] = (
    (62, "consult", _COSTING, "对比期间怎么看", "想在报表里同时看上年同期", "邹会计",
     ((0, 10, ENGINEER, _ANSWER, {"text": "在报表上方「对比」选上年同期，已发操作截图"}),)),
    (41, "question", _HR, "生效日填报到日还是次月一日", "两种填法工资不一样", "谭老师",
     ((0, 10, ENGINEER, _ANSWER, {"text": "以报到日为准，当月按日折算；知识库已有说明"}), (0, 15, HEAD, _JUDGE, {"accepted": True, "text": "清楚了"}))),
    (33, "suggestion", _LOGISTICS, "领用单能否按模板生成", "每周领的物资基本相同，希望一键带出", "赵倩",
     ((0, 10, ENGINEER, _DECIDE, {"decision": "accepted", "text": "列入 V2.4，支持按科室保存模板", "target": "V2.4"}),)),
    (29, "suggestion", _LOGISTICS, "库存低于下限时标红", "现在要逐行比对", "王敏",
     ((0, 10, ENGINEER, _DECIDE, {"decision": "accepted", "text": "改动小，随补丁发布", "target": "V2.3.2"}),
      (20, 16, ENGINEER, _FINISH, {"text": "V2.3.2 已发布，低于下限的行标红"}))),
    (21, "suggestion", _LOGISTICS, "病区也能看到采购单价", "方便控制成本", "孟护士",
     ((0, 10, AGENT, _DECIDE, {"decision": "declined", "text": "采购单价按医院规定只对物资会计开放；病区可查看领用金额"}),)),
    (12, "complaint", _LOGISTICS, "工程师约好到场未到", "约定上午十点，下午三点才到", "唐库管",
     ((0, 10, AGENT, _ASSIGN, {"text": "查明原因并当面答复"}),
      (4, 15, ENGINEER, _FINISH, {"text": "当日同时有 1级故障，未及时改约；已当面致歉，今后改约须电话确认"}), (4, 16, HEAD, _JUDGE, {"accepted": True}))),
    (1, "suggestion", _LOGISTICS, "手机上也能审批领用单", "主任经常在门诊，回办公室才能审批", "赵倩", ()),
)  # fmt: skip
"""How many days ago what was asked by whom, and the steps since: days after, hour, who, verb, what was said."""


def seed(
    users: Mapping[str, User], units: Sequence[OrgUnit], tickets: Sequence[Ticket], today: dt.date
) -> list[Enquiry]:
    """``tickets`` as the desk left them; what is said about them is said at believable times, by the real verbs."""
    now = clock.now()
    for place, ticket in enumerate(one for one in tickets if one.state == "closed" and one.closed_at):
        _after(users, ticket, place, now)
    _survey(users, today)
    return _enquiries(users, units, tickets, today)


def _after(users: Mapping[str, User], ticket: Ticket, place: int, now: dt.datetime) -> None:
    """The hospital's mark a few hours after the closing, and what knowledge the engineer had used."""
    ticket.refresh_from_db()
    last = (
        TicketEvent.objects.filter(ticket=ticket)
        .order_by("-seq")
        .values_list("recorded_at", flat=True)
        .first()
    )
    if ticket.state != "closed" or last is None or last + dt.timedelta(hours=5) > now:
        return
    found = knowledge.suggest(users[ENGINEER], ticket.title, module=ticket.module, limit=1)
    if found:
        with clock.pinned(last + dt.timedelta(hours=1)):
            knowing.adopt(actor=users[ENGINEER], ticket=ticket, article=found[0].version.article)
    if place % 6 != 5:
        score, reason = _MARKS[place % len(_MARKS)]
        with clock.pinned(last + dt.timedelta(hours=4)):
            rating.rate(actor=users[HEAD], ticket=ticket, score=score, reason=reason)


def _survey(users: Mapping[str, User], today: dt.date) -> None:
    head, opens = users[HEAD], today - dt.timedelta(days=40)
    half = "上" if opens.month <= 6 else "下"
    with clock.pinned(clock.at(opens - dt.timedelta(days=3), 9)):
        survey = surveys.plan(
            actor=head, title=f"{opens.year} 年{half}半年运维服务满意度调查", opens_on=opens, closes_on=opens + dt.timedelta(days=30)
        )  # fmt: skip
        for text, kind in _QUESTIONS:
            surveys.add_question(actor=head, survey=survey, text=text, kind=kind)
        surveys.publish(actor=head, survey=survey)
    invited = OrgUnit.objects.filter(pk__in=org.leaf_accounting_units(today)).order_by("code")
    questions = [question.pk for question in survey.questions.order_by("position")]
    for place, (unit, said) in enumerate(zip(invited, _REPLIES, strict=False)):
        with clock.pinned(clock.at(opens + dt.timedelta(days=2 + place), 10, 5 * place)):
            given = dict(zip(questions, said, strict=True))
            surveys.reply(actor=head, survey=survey, org_unit=unit, given=given)


def _enquiries(
    users: Mapping[str, User], units: Sequence[OrgUnit], tickets: Sequence[Ticket], today: dt.date
) -> list[Enquiry]:
    made = []
    for days, kind, module, title, text, who, steps in _STORIES:
        day = today - dt.timedelta(days=days)
        ticket = tickets[0] if kind == "complaint" else None
        asked = Asked(kind, units[days % len(units)], module, title, text, who, ticket)
        with clock.pinned(clock.at(day, 9, 10)):
            enquiry = enquiries.ask(actor=users[HEAD], asked=asked)
        for after, hour, who_acts, verb, given in steps:
            facts = dict(given)
            if verb is enquiries.assign:
                facts |= {"owner": users[ENGINEER], "due_on": day + dt.timedelta(days=5)}
            with clock.pinned(clock.at(day + dt.timedelta(days=after), hour, 20)):
                verb(actor=users[who_acts], enquiry=enquiry, **facts)
        made.append(enquiry)
    return made
