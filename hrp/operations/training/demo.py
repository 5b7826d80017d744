"""Two sessions of the past, one for each audience, with quizzes and ratings; one to come next week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from hrp.operations.training import selectors, services
from hrp.operations.training.models import Material, Session
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.org.models import OrgUnit

TRAINER = "zhouyi"
_MATERIALS = (
    ("库房出入库操作", "V2.3", "物流管理系统", (
        ("同一物资有多个批号，默认先出哪一批？", ("单价最低的", "最早到期的", "最新入库的"), (1,)),
        ("哪些情况可以红冲？（多选）", ("已过账的出库单数量录错", "草稿单据写错", "已过账的入库单供应商选错"), (0, 2)),
        ("发现货架上有货但提示库存不足，应先查什么？", ("批号有效期", "打印机", "科室名称"), (0,)),
        ("1级、A级故障应如何报修？", ("发邮件", "打服务热线", "在网页登记"), (1,)),
    )),
    ("系统管理与日常巡查", "V1.1", "成本核算管理系统", (
        ("结账前检查未通过时应当？", ("跳过检查", "逐条处理后再结账", "修改检查规则"), (1,)),
        ("调休上班日由什么决定？", ("周一至周五", "国务院办公厅放假通知", "各科室自定"), (1,)),
        ("哪些操作须由甲方确认？（多选）", ("维护记录归档", "降低故障级别", "工程师排班"), (0, 1)),
    )),
)  # fmt: skip
_LISTED = (
    ("孟护士", 0),
    ("蒋药师", 1),
    ("唐库管", 2),
    ("邹会计", 3),
    ("秦护士", 4),
    ("谭老师", 5),
    ("侯医生", 6),
)


def seed(users: Mapping[str, User], units: Sequence[OrgUnit], today: dt.date) -> list[Session]:
    """``users`` by username; those who are there sign by phone, others are entered from the paper list."""
    trainer = users[TRAINER]
    business, system = _materials(trainer, today)
    first = _held(
        trainer, business, "业务科室出入库培训", "business", today - dt.timedelta(days=75), "门诊五楼会议室",
        [users[name] for name in ("wangmin", "zhangxiaoyan", "zhaoqian") if name in users],
        [services.Person(name, units[place % len(units)]) for name, place in _LISTED],
    )  # fmt: skip
    second = _held(
        trainer, system, "系统主管人员维护培训", "system", today - dt.timedelta(days=48), "信息科机房",
        [users[name] for name in ("wulei", "lijianguo", "chenlixin") if name in users], [],
    )  # fmt: skip
    with clock.pinned(clock.at(today, 8)):
        coming = services.arrange(
            actor=trainer,
            plan=_plan(
                business, "新入职人员出入库培训", "business", today + dt.timedelta(days=6), "教学楼 201"
            ),
        )
    return [first, second, coming]


def _materials(trainer: User, today: dt.date) -> list[Material]:
    made = []
    with clock.pinned(clock.at(today - dt.timedelta(days=90), 16)):
        for title, version, module, questions in _MATERIALS:
            text = f"{title} {version}\n" + "\n".join(question for question, *_ in questions)
            material = services.add_material(
                actor=trainer, title=title, version=version, module=module, file_name=f"{title}{version}.txt", content=text.encode()
            )  # fmt: skip
            for question, options, right in questions:
                services.add_question(
                    actor=trainer, material=material, text=question, options=options, right=right
                )
            made.append(material)
    return made


def _plan(material: Material, title: str, audience: str, day: dt.date, place: str) -> services.Plan:
    return services.Plan(
        title=title, audience=audience, module=material.module, material=material, starts_at=clock.at(day, 14, 30),
        ends_at=clock.at(day, 16), place=place, trainer="周毅", note="请带工号登录",
    )  # fmt: skip


def _held(
    trainer: User, material: Material, title: str, audience: str, day: dt.date, place: str,
    people: Sequence[User], listed: Sequence[services.Person],
) -> Session:  # fmt: skip
    plan = _plan(material, title, audience, day, place)
    with clock.pinned(clock.at(day - dt.timedelta(days=7), 9)):
        session = services.arrange(actor=trainer, plan=plan)
    for minute, person in enumerate(people):
        with clock.pinned(plan.starts_at - dt.timedelta(minutes=9 - 2 * minute)):
            services.sign(actor=person, session=session, token=selectors.token(session))
    with clock.pinned(plan.ends_at):
        if listed:
            services.sign_from_list(actor=trainer, session=session, people=listed)
        services.close(actor=trainer, session=session)
    asked = selectors.questions(material.pk)
    right = {one.id: one.right for one in asked}
    wrong = right | {one.id: frozenset({2}) for one in asked[:2]}
    for place_, person in enumerate(people):
        with clock.pinned(plan.ends_at + dt.timedelta(minutes=12 + place_)):
            if place_ == 1:
                services.attempt(actor=person, session=session, given=wrong)
            services.attempt(actor=person, session=session, given=right)
            services.rate(
                actor=person, session=session, score=5 - (place_ == 2), comment=("", "例子贴近实际", "希望多留操作时间")[place_ % 3]
            )  # fmt: skip
    return session
