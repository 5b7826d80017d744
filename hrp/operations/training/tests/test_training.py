"""Sessions from plan to proof: who may sign when, what a quiz decides, and what stays as it was said."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.contracts import proofs as clauses
from hrp.operations.contracts.proofs import Finding, Span, Verdict
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import World
from hrp.operations.training import screens, selectors, services
from hrp.operations.training.models import Attempt, Attendance, Material, Session
from hrp.operations.training.rules import Asked, Held, Year, judge, mark
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db

START = clock.at(dt.date(2026, 9, 10), 14, 30)
END = clock.at(dt.date(2026, 9, 10), 16)


@pytest.fixture
def world() -> World:
    made = desk.make()
    people.allow(made.engineer, selectors.VIEW, selectors.EDIT, selectors.ATTEND)
    return made


@pytest.fixture
def nurse(world: World) -> User:
    return people.person(selectors.VIEW, selectors.ATTEND, unit=world.ward, name="赵护士长")


@pytest.fixture
def material(world: World) -> Material:
    made = services.add_material(
        actor=world.engineer, title="库房操作", version="V1.0", module="物流管理系统", file_name="库房操作.pptx", content=b"slides"
    )  # fmt: skip
    for text, options, right in (
        ("出库先出哪一批？", ["最贵的", "最近到期的", "最新到的"], [1]),
        ("哪些可以红冲？", ["已过账的出库单", "草稿", "已过账的入库单"], [0, 2]),
    ):
        services.add_question(actor=world.engineer, material=made, text=text, options=options, right=right)
    return made


def plan(material: Material, **changes: object) -> services.Plan:
    facts: dict[str, object] = {
        "title": "库房出入库操作", "audience": "business", "module": "物流管理系统", "material": material,
        "starts_at": START, "ends_at": END, "place": "门诊五楼会议室", "trainer": "周毅",
    }  # fmt: skip
    return services.Plan(**{**facts, **changes})  # type: ignore[arg-type]


@pytest.fixture
def session(world: World, material: Material) -> Session:
    with clock.pinned(START - dt.timedelta(days=7)):
        return services.arrange(actor=world.engineer, plan=plan(material))


def sign(user: User, session: Session, at: dt.datetime = START) -> Attendance:
    with clock.pinned(at):
        return services.sign(actor=user, session=session, token=selectors.token(session))


def answers(material: Material, *chosen: set[int]) -> dict[int, frozenset[int]]:
    asked = selectors.questions(material.pk)
    return {one.id: frozenset(given) for one, given in zip(asked, chosen, strict=True)}


def attempt(user: User, session: Session, *chosen: set[int], at: dt.datetime = END) -> Attempt:
    with clock.pinned(at):
        return services.attempt(actor=user, session=session, given=answers(session.material, *chosen))


class TestPlan:
    def test_impossible_figures_are_named(self, world: World, material: Material) -> None:
        wrong = plan(material, title=" ", audience="all", ends_at=START, pass_score=101, tries=0)
        with pytest.raises(Invalid) as refused:
            services.arrange(actor=world.engineer, plan=wrong)
        assert {one.field for one in refused.value.problems} == {
            "title", "audience", "ends_at", "pass_score", "tries",
        }  # fmt: skip

    def test_a_system_outside_the_contract_is_marked(self, world: World, material: Material) -> None:
        with clock.pinned(START):
            inside = services.arrange(actor=world.engineer, plan=plan(material))
            outside = services.arrange(actor=world.engineer, plan=plan(material, module="门诊挂号"))
        assert (inside.in_scope, outside.in_scope) == (True, False)

    def test_a_material_is_its_file(self, world: World, material: Material) -> None:
        assert material.sha256 == hashlib.sha256(b"slides").hexdigest()
        with pytest.raises(Conflict):
            services.add_material(
                actor=world.engineer, title="库房操作", version="V1.0", module="x", file_name="b", content=b"other"
            )  # fmt: skip
        for statement in (
            "UPDATE operations_training_material SET content = 'x'",
            "DELETE FROM operations_training_material",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)

    def test_a_question_has_options_and_a_right_one(self, world: World, material: Material) -> None:
        for options, right in ((["甲"], [0]), (["甲", "乙"], []), (["甲", "乙"], [2])):
            with pytest.raises(Invalid):
                services.add_question(
                    actor=world.engineer, material=material, text="？", options=options, right=right
                )


class TestSigning:
    def test_one_signs_once_in_the_room_and_in_time(self, nurse: User, session: Session) -> None:
        with clock.pinned(START), pytest.raises(Forbidden):
            services.sign(actor=nurse, session=session, token="guessed")
        for moment in (START - dt.timedelta(minutes=31), END + dt.timedelta(minutes=31)):
            with pytest.raises(Conflict):
                sign(nurse, session, moment)
        assert not Attendance.objects.exists()
        assert sign(nurse, session) == sign(nurse, session)
        signed = Attendance.objects.get()
        assert (signed.name, signed.org_unit, signed.via, signed.signed_at) == (
            "赵护士长", nurse.unit, "phone", START,
        )  # fmt: skip

    def test_the_code_of_one_session_opens_no_other(
        self, world: World, nurse: User, material: Material, session: Session
    ) -> None:
        with clock.pinned(START):
            other = services.arrange(actor=world.engineer, plan=plan(material, title="另一场"))
            with pytest.raises(Forbidden):
                services.sign(actor=nurse, session=other, token=selectors.token(session))

    def test_the_paper_list_adds_who_has_not_signed(
        self, world: World, nurse: User, session: Session
    ) -> None:
        sign(nurse, session)
        listed = screens.read_list(
            f"赵护士长；{world.ward.name}\n王工;{world.store.code}\n\n外请专家\n外请专家"
        )
        with clock.pinned(END):
            assert services.sign_from_list(actor=world.engineer, session=session, people=listed) == 2
            assert services.sign_from_list(actor=world.engineer, session=session, people=listed) == 0
        assert list(Attendance.objects.values_list("name", "via").order_by("pk")) == [
            ("赵护士长", "phone"), ("王工", "list"), ("外请专家", "list"),
        ]  # fmt: skip

    def test_a_listed_name_that_is_one_account_may_take_the_quiz(
        self, world: World, nurse: User, session: Session
    ) -> None:
        with clock.pinned(END):
            services.sign_from_list(
                actor=world.engineer, session=session, people=[services.Person("赵护士长", world.ward)]
            )
        assert attempt(nurse, session, {1}, {0, 2}).passed

    def test_a_line_that_names_no_department_is_told(self) -> None:
        with pytest.raises(Invalid, match="第 2 行"):
            screens.read_list("外请专家\n王工；没有这个科")

    def test_a_session_is_held_with_somebody_and_then_stands(
        self, world: World, nurse: User, session: Session
    ) -> None:
        with clock.pinned(END), pytest.raises(Conflict, match="还没有人签到"):
            services.close(actor=world.engineer, session=session)
        sign(nurse, session)
        with clock.pinned(END):
            services.close(actor=world.engineer, session=session)
            with pytest.raises(Conflict):
                services.arrange(actor=world.engineer, plan=plan(session.material), session=session)
            with pytest.raises(Conflict):
                services.cancel(actor=world.engineer, session=session, reason="改期")
        for statement in (
            "UPDATE operations_training_session SET title = 'x'",
            "DELETE FROM operations_training_session",
            "DELETE FROM operations_training_attendance",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


class TestQuiz:
    def test_only_exactly_the_right_options_count(self) -> None:
        asked = [
            Asked(n, "", ("a", "b", "c"), frozenset(right)) for n, right in enumerate(({0}, {0, 2}, {1}))
        ]
        given = {0: frozenset({0}), 1: frozenset({0}), 2: frozenset({0, 1})}
        assert [correct for *_, correct in mark(asked, given).answers] == [True, False, False]
        assert (mark(asked, given).score, mark(asked, {}).score, mark([], {}).score) == (33, 0, 0)

    def test_one_retakes_until_passed(self, nurse: User, session: Session) -> None:
        sign(nurse, session)
        first = attempt(nurse, session, {0}, {0})
        second = attempt(nurse, session, {1}, {0, 2})
        assert [(one.number, one.score, one.passed) for one in (first, second)] == [
            (1, 0, False), (2, 100, True),
        ]  # fmt: skip
        assert [line["correct"] for line in first.paper] == [False, False]
        with pytest.raises(Conflict, match="已经合格"):
            attempt(nurse, session, {1}, {0, 2})

    def test_tries_and_days_run_out(self, nurse: User, session: Session) -> None:
        sign(nurse, session)
        with pytest.raises(Conflict, match="已截止"):
            attempt(nurse, session, {1}, {0}, at=END + services.QUIZ_OPEN + dt.timedelta(seconds=1))
        for _ in range(session.tries):
            attempt(nurse, session, {0}, {0})
        with pytest.raises(Conflict, match="已用完"):
            attempt(nurse, session, {1}, {0, 2})

    def test_who_did_not_come_takes_no_quiz_and_rates_nothing(self, nurse: User, session: Session) -> None:
        with pytest.raises(Forbidden):
            attempt(nurse, session, {1}, {0, 2})
        with pytest.raises(Forbidden):
            services.rate(actor=nurse, session=session, score=5)

    def test_a_retired_question_is_put_no_more_and_stays_on_old_papers(
        self, world: World, nurse: User, session: Session
    ) -> None:
        sign(nurse, session)
        first = attempt(nurse, session, {0}, {0})
        services.retire_question(actor=world.engineer, question=session.material.questions.first())
        assert attempt(nurse, session, {0, 2}).score == 100
        assert len(Attempt.objects.get(pk=first.pk).paper) == 2

    def test_a_rating_is_given_once(self, nurse: User, session: Session) -> None:
        sign(nurse, session)
        with pytest.raises(Invalid):
            services.rate(actor=nurse, session=session, score=6)
        services.rate(actor=nurse, session=session, score=4, comment="多讲实例")
        with pytest.raises(Conflict):
            services.rate(actor=nurse, session=session, score=5)
        found = selectors.sessions().get(pk=session.pk)
        assert (found.signed, found.passed, found.rated) == (1, 0, 4)


class TestProof:
    """AC-18: both audiences in every contract year."""

    @pytest.fixture
    def hold(self, world: World, nurse: User, material: Material):
        def hold(audience: str, day: dt.date, *, signed: bool = True, held: bool = True) -> Session:
            begins = clock.at(day, 9)
            with clock.pinned(begins):
                made = services.arrange(
                    actor=world.engineer,
                    plan=plan(
                        material, audience=audience, starts_at=begins, ends_at=begins + dt.timedelta(hours=1)
                    ),
                )
                if signed:
                    services.sign(actor=nurse, session=made, token=selectors.token(made))
                if held and signed:
                    return services.close(actor=world.engineer, session=made)
            if held:
                Session.objects.filter(pk=made.pk).update(state="held")
            return made

        return hold

    def prove(self, world: World, as_of: dt.date, code: str = "AC-18") -> Finding:
        span = Span(world.contract, dt.date(2026, 1, 1), dt.date(2026, 12, 31), clock.at(as_of))
        return clauses.prove(code, span)

    def test_both_audiences_meet_the_clause(self, world: World, hold) -> None:
        sessions = [hold("business", dt.date(2026, 3, 1)), hold("system", dt.date(2026, 5, 1))]
        found = self.prove(world, dt.date(2027, 1, 2))
        assert (found.verdict, found.figure, found.exceptions) == (Verdict.MET, "已培训 2/2", ())
        assert [one.url for one in found.evidence] == [
            reverse("operations.training.detail", args=[one.pk]) for one in sessions
        ]

    def test_an_audience_without_a_session_breaks_it_when_the_year_is_over(self, world: World, hold) -> None:
        hold("business", dt.date(2026, 3, 1))
        running = self.prove(world, dt.date(2026, 12, 31))
        assert running.verdict == Verdict.NOT_APPLICABLE
        assert "主管系统人员" in running.figure
        over = self.prove(world, dt.date(2027, 1, 1))
        assert over.verdict == Verdict.NOT_MET
        assert len(over.exceptions) == 1
        assert "没有主管系统人员培训" in over.exceptions[0]

    def test_planned_and_cancelled_sessions_prove_nothing(self, world: World, hold) -> None:
        hold("business", dt.date(2026, 3, 1), held=False)
        assert len(self.prove(world, dt.date(2027, 1, 2)).exceptions) == 2

    def test_a_session_nobody_signed_is_no_evidence(self, world: World, hold) -> None:
        hold("business", dt.date(2026, 3, 1))
        hold("system", dt.date(2026, 5, 1), signed=False)
        found = self.prove(world, dt.date(2027, 1, 2))
        assert (found.verdict, found.missing) == (
            Verdict.UNPROVEN, (f"{world.contract.number}-2026 主管系统人员的培训没有签到记录",),
        )  # fmt: skip

    def test_no_signed_year_is_no_evidence(self, world: World) -> None:
        span = Span(world.contract, dt.date(2027, 1, 1), dt.date(2027, 12, 31), clock.at(dt.date(2027, 5, 1)))
        assert clauses.prove("AC-18", span).verdict == Verdict.UNPROVEN

    def test_a_session_counts_for_its_own_year(self) -> None:
        years = [
            Year("Y1", dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
            Year("Y2", dt.date(2027, 1, 1), dt.date(2027, 12, 31)),
        ]
        sessions = [Held("a", "business", dt.date(2027, 1, 1), 3)]
        assert [line.state for line in judge(years, sessions, dt.date(2027, 2, 1))] == [
            "missing", "missing", "covered", "pending",
        ]  # fmt: skip

    def test_sessions_name_their_system_for_ac_01(self, world: World, hold) -> None:
        hold("business", dt.date(2026, 3, 1))
        assert self.prove(world, dt.date(2026, 4, 1), "AC-01").figure == "培训 1/1"


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestPages:
    def test_the_phone_page_signs_tries_and_rates(
        self, nurse: User, material: Material, session: Session
    ) -> None:
        client, address = door(nurse), reverse("operations.training.join", args=[session.pk])
        first, second = selectors.questions(material.pk)
        with clock.pinned(START):
            assert "扫描会场" in client.get(address).content.decode()
            assert (
                client.get(address, {"k": selectors.token(session)}).content.decode().count('value="sign"')
                == 1
            )
            client.post(address, {"act": "sign", "k": selectors.token(session)})
            short = client.post(address, {"act": "quiz", f"q{first.id}": "1"})
            assert (short.status_code, Attempt.objects.count()) == (422, 0)
            client.post(address, {"act": "quiz", f"q{first.id}": "1", f"q{second.id}": ["0", "2"]})
            client.post(address, {"act": "rate", "score": "5", "comment": "清楚"})
            page = client.get(address).content.decode()
        assert (Attempt.objects.get().score, session.ratings.get().score) == (100, 5)
        assert "已合格" in page

    def test_arranged_and_listed_over_http(self, world: World, material: Material) -> None:
        client = door(world.engineer)
        form = {
            "title": "系统主管培训", "audience": "system", "module": "物流管理系统", "material": str(material.pk),
            "starts_at": "2026-09-10 14:30", "ends_at": "2026-09-10 16:00", "place": "信息科", "trainer": "周毅", "pass_score": "80", "tries": "2",
        }  # fmt: skip
        wrong = client.post(reverse("operations.training.new"), form | {"starts_at": "下午两点"})
        assert (wrong.status_code, Session.objects.count()) == (422, 0)
        answer = client.post(reverse("operations.training.new"), form)
        made = Session.objects.get()
        assert (answer.status_code, made.starts_at, made.pass_score) == (302, START, 80)
        assert "系统主管培训" in client.get(reverse("operations.training.list")).content.decode()
        assert client.get(reverse("operations.training.detail", args=[made.pk])).status_code == 200
        assert client.get(reverse("operations.material.detail", args=[material.pk])).status_code == 200

    def test_papers_print_and_the_file_comes_back_byte_for_byte(
        self, world: World, nurse: User, session: Session
    ) -> None:
        client = door(world.engineer)
        sign(nurse, session)
        attempt(nurse, session, {1}, {0})
        services.rate(actor=nurse, session=session, score=3, comment="太快")
        for name in ("sheet", "summary"):
            answer = client.get(reverse(f"operations.training.{name}", args=[session.pk]))
            assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-"), name
        assert (
            client.get(reverse("operations.material.file", args=[session.material_id])).content == b"slides"
        )
        wall = client.get(reverse("operations.training.code", args=[session.pk])).content.decode()
        assert "<svg" in wall
        assert "赵护士长" in wall
        assert door(nurse).get(reverse("operations.training.code", args=[session.pk])).status_code == 403
