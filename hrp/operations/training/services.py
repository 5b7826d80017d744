"""Verbs of training: lay down materials, arrange a session, sign, try the quiz, rate, and close the list."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max
from django.utils.crypto import constant_time_compare

from hrp.operations.contracts import selectors as contracts
from hrp.operations.training import rules, selectors
from hrp.operations.training.models import Attempt, Attendance, Material, Question, Rating, Session
from hrp.operations.training.selectors import ATTEND, EDIT
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from hrp.platform.org.models import OrgUnit

MOST_BYTES = 20_000_000
EARLY = dt.timedelta(minutes=30)
LATE = dt.timedelta(minutes=30)
QUIZ_OPEN = dt.timedelta(days=14)


@dataclass(frozen=True)
class Plan:
    """A session as arranged."""

    title: str
    audience: str
    module: str
    material: Material
    starts_at: dt.datetime
    ends_at: dt.datetime
    place: str
    trainer: str
    pass_score: int = 60
    tries: int = 3
    note: str = ""


@dataclass(frozen=True)
class Person:
    """A line of the paper list."""

    name: str
    org_unit: OrgUnit | None


@transaction.atomic
def add_material(
    *, actor: User, title: str, version: str, module: str, file_name: str, content: bytes
) -> Material:
    """Lay down one version of a material with its file. The same title and version twice is refused."""
    scope.require(actor, EDIT)
    if not (title.strip() and version.strip() and content):
        raise Invalid("教材须有名称、版本和文件", way_out="请补齐后上传。")
    if len(content) > MOST_BYTES:
        raise Invalid("文件超过 20 MB", way_out="请压缩图片后再上传，录像请另行保存。")
    if Material.objects.filter(title=title.strip(), version=version.strip()).exists():
        raise Conflict(f"{title.strip()} {version.strip()} 已有", way_out="内容有变的请写新的版本号。")
    material = Material.objects.create(
        title=title.strip(),
        version=version.strip(),
        module=module.strip(),
        file_name=file_name[-200:],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        uploaded_by=actor,
        uploaded_at=clock.now(),
    )
    _log(actor, "add_material", f"operations.material:{material.pk}", f"上传教材 {material}")
    return material


@transaction.atomic
def add_question(
    *, actor: User, material: Material, text: str, options: Sequence[str], right: Sequence[int]
) -> Question:
    """Add a question with two to eight options, of which at least one is right."""
    scope.require(actor, EDIT)
    offered = [option.strip() for option in options if option.strip()]
    chosen = sorted(set(right))
    problems = [
        Problem(message, field=name)
        for name, wrong, message in (
            ("text", not text.strip() or len(text.strip()) > 300, "请写题目，最多 300 字"),
            ("options", not 2 <= len(offered) <= 8, "请写二至八个选项，一行一个"),
            ("right", not chosen or not all(0 <= one < len(offered) for one in chosen), "请写正确选项的字母"),
        )
        if wrong
    ]
    if problems:
        raise Invalid("测验题不完整", way_out="请按提示补齐。", problems=problems)
    last = Question.objects.filter(material=material).aggregate(last=Max("position"))["last"] or 0
    question = Question.objects.create(
        material=material, position=last + 1, text=text.strip(), options=offered, right=chosen
    )
    _log(actor, "add_question", f"operations.material:{material.pk}", f"{material} 加题：{question.text}")
    return question


@transaction.atomic
def retire_question(*, actor: User, question: Question) -> Question:
    """No longer put a question; papers already handed in keep it."""
    scope.require(actor, EDIT)
    Question.objects.filter(pk=question.pk).update(is_active=False)
    _log(actor, "retire_question", f"operations.material:{question.material_id}", f"停用题：{question.text}")
    question.refresh_from_db()
    return question


@transaction.atomic
def arrange(*, actor: User, plan: Plan, session: Session | None = None) -> Session:
    """Arrange a session, or rearrange one that has not been held. The scope mark follows the contract's systems."""
    scope.require(actor, EDIT)
    held = _lock(session) if session else Session()
    if held.pk and held.state != "planned":
        raise Conflict(f"培训{held.get_state_display()}，不能再改", way_out="需要补充的请写入下一场培训。")
    _check(plan)
    version = contracts.version_in_force(plan.starts_at) or contracts.version_in_force(clock.now())
    for name in (
        "title",
        "audience",
        "module",
        "material",
        "starts_at",
        "ends_at",
        "place",
        "trainer",
        "note",
    ):
        value = getattr(plan, name)
        setattr(held, name, value.strip() if isinstance(value, str) else value)
    held.pass_score, held.tries = plan.pass_score, plan.tries
    held.in_scope = version is not None and held.module in contracts.terms_of(version).modules
    held.save()
    _log(actor, "arrange", f"operations.training:{held.pk}", f"安排培训 {held.title}")
    return held


def _check(plan: Plan) -> None:
    problems = [
        Problem(f"必填，最多 {most} 字", field=name)
        for name, most in (("title", 100), ("module", 50), ("place", 100), ("trainer", 50))
        if not 0 < len(getattr(plan, name).strip()) <= most
    ]
    problems += [
        Problem(message, field=name)
        for name, wrong, message in (
            ("audience", plan.audience not in rules.AUDIENCES, "请选择业务部门或主管系统人员"),
            ("ends_at", plan.ends_at <= plan.starts_at, "应晚于开始时间"),
            ("pass_score", not 1 <= plan.pass_score <= 100, "1 至 100"),
            ("tries", not 1 <= plan.tries <= 9, "1 至 9"),
            ("note", len(plan.note) > 200, "最多 200 字"),
        )
        if wrong
    ]
    if problems:
        raise Invalid("培训安排有误", way_out="请更正标红的各项。", problems=problems)


@transaction.atomic
def sign(*, actor: User, session: Session, token: str) -> Attendance:
    """Sign on one's own phone, with the code shown in the room, from half an hour before to half an hour after."""
    scope.require(actor, ATTEND)
    held = _lock(session)
    if not constant_time_compare(token, selectors.token(held)):
        raise Forbidden("签到码不对", way_out="请扫描会场屏幕上的二维码。")
    _require_planned(held, "签到")
    now = clock.now()
    if not held.starts_at - EARLY <= now <= held.ends_at + LATE:
        raise Conflict(
            f"签到时间为 {clock.local(held.starts_at - EARLY):%m-%d %H:%M} 至 {clock.local(held.ends_at + LATE):%H:%M}",
            way_out="错过的请培训负责人按签到表登记。",
            code="sign_closed",
        )
    known = Attendance.objects.filter(session=held, user=actor).first()
    if known is not None:
        return known
    attendance = Attendance.objects.create(
        session=held,
        user=actor,
        name=actor.display_name,
        org_unit_id=actor.unit_id,
        via="phone",
        signed_at=now,
        recorded_by=actor,
    )
    _log(actor, "sign", f"operations.training:{held.pk}", f"{held.title} 签到")
    return attendance


@transaction.atomic
def sign_from_list(*, actor: User, session: Session, people: Sequence[Person]) -> int:
    """Enter the paper list. Who has already signed is left out; returns how many were new.

    A name that belongs to exactly one account of the department is signed for that account.
    """
    scope.require(actor, EDIT)
    held = _lock(session)
    _require_planned(held, "登记签到")
    if clock.now() < held.starts_at:
        raise Conflict("培训尚未开始", way_out="请在开始之后登记签到表。")
    rows = [_listed(held, actor, person) for person in dict.fromkeys(people)]
    fresh = Attendance.objects.bulk_create([row for row in rows if row is not None])
    _log(actor, "sign_list", f"operations.training:{held.pk}", f"{held.title} 签到表 {len(fresh)} 人")
    return len(fresh)


def _listed(session: Session, actor: User, person: Person) -> Attendance | None:
    same = User.objects.filter(
        display_name=person.name, unit=person.org_unit, is_active=True, is_machine=False
    )
    user = same[0] if len(same[:2]) == 1 else None
    known = Attendance.objects.filter(session=session, name=person.name, org_unit=person.org_unit)
    if known.exists() or (user and Attendance.objects.filter(session=session, user=user).exists()):
        return None
    return Attendance(
        session=session,
        user=user,
        name=person.name,
        org_unit=person.org_unit,
        via="list",
        signed_at=clock.now(),
        recorded_by=actor,
    )


@transaction.atomic
def close(*, actor: User, session: Session) -> Session:
    """The session has been held and its list is complete. Nobody on the list: it was not held."""
    scope.require(actor, EDIT)
    held = _lock(session)
    _require_planned(held, "结束")
    if clock.now() < held.starts_at:
        raise Conflict("培训尚未开始", way_out="请在举办之后结束；改期的请修改时间。")
    if not Attendance.objects.filter(session=held).exists():
        raise Conflict("还没有人签到", way_out="请先登记签到表；没有举办的请「取消」。", code="nobody_signed")
    held.state = "held"
    held.save(update_fields=["state"])
    _log(actor, "close", f"operations.training:{held.pk}", f"培训已举办 {held.title}")
    return held


@transaction.atomic
def cancel(*, actor: User, session: Session, reason: str) -> Session:
    """Call a session off, with the reason."""
    scope.require(actor, EDIT)
    held = _lock(session)
    _require_planned(held, "取消")
    if not reason.strip():
        raise Invalid(
            "请写明取消的原因", way_out="例如改期至下周。", problems=[Problem("必填", field="reason")]
        )
    held.state, held.note = "cancelled", reason.strip()[:200]
    held.save(update_fields=["state", "note"])
    _log(actor, "cancel", f"operations.training:{held.pk}", f"取消培训 {held.title}：{held.note}")
    return held


@transaction.atomic
def attempt(*, actor: User, session: Session, given: Mapping[int, frozenset[int]]) -> Attempt:
    """Hand in a paper. Who signed may try until passed, as often as the session allows, for a fortnight after it."""
    scope.require(actor, ATTEND)
    held = _lock(session)
    stands = selectors.standing(held, actor)
    _require_attended(held, stands)
    if stands.passed or len(stands.attempts) >= held.tries:
        raise Conflict(
            "已经合格，无需再测" if stands.passed else f"{held.tries} 次测验机会已用完",
            way_out="" if stands.passed else "请参加下一场培训。",
            code="quiz_over",
        )
    if clock.now() > held.ends_at + QUIZ_OPEN:
        raise Conflict("测验已截止", way_out="请参加下一场培训。", code="quiz_over")
    asked = selectors.questions(held.material_id)
    if not asked:
        raise Conflict("这份教材还没有测验题", way_out="请培训负责人出题。")
    marked = rules.mark(asked, given)
    made = Attempt.objects.create(
        session=held,
        user=actor,
        number=len(stands.attempts) + 1,
        paper=[
            {
                "question": one.id,
                "text": one.text,
                "options": list(one.options),
                "right": sorted(one.right),
                "chosen": sorted(chosen),
                "correct": correct,
            }
            for one, chosen, correct in marked.answers
        ],
        score=marked.score,
        passed=marked.score >= held.pass_score,
        at=clock.now(),
    )
    _log(actor, "attempt", f"operations.training:{held.pk}", f"{held.title} 测验 {made.score} 分")
    return made


@transaction.atomic
def rate(*, actor: User, session: Session, score: int, comment: str = "") -> Rating:
    """Say once what one thought of a session one attended."""
    scope.require(actor, ATTEND)
    held = _lock(session)
    stands = selectors.standing(held, actor)
    _require_attended(held, stands)
    if stands.rating is not None:
        raise Conflict("您已评价过", way_out="评价提交后不再修改。")
    if not 1 <= score <= 5:
        raise Invalid(
            "请选择 1 至 5 分", way_out="5 分为非常满意。", problems=[Problem("必选", field="score")]
        )
    made = Rating.objects.create(
        session=held, user=actor, score=score, comment=comment.strip()[:200], at=clock.now()
    )
    _log(actor, "rate", f"operations.training:{held.pk}", f"{held.title} 评价 {score} 分")
    return made


def _lock(session: Session) -> Session:
    held = Session.objects.select_for_update().filter(pk=session.pk).first()
    if held is None:
        raise NotFound("没有找到这场培训", way_out="请返回培训列表刷新。")
    return held


def _require_planned(session: Session, what: str) -> None:
    if session.state != "planned":
        raise Conflict(f"培训{session.get_state_display()}，不能{what}", way_out="请刷新页面查看最新状态。")


def _require_attended(session: Session, stands: selectors.Standing) -> None:
    if session.state == "cancelled" or stands.attendance is None:
        raise Forbidden(
            "您没有在这场培训签到", way_out="请扫描会场的二维码签到，或请培训负责人按签到表登记。"
        )


def _log(actor: User, act: str, target: str, summary: str) -> None:
    audit.record(actor=actor, act=f"operations.training.{act}", target=target, summary=summary)
