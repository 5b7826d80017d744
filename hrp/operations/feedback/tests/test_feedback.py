"""Marks, surveys, questions, suggestions and complaints: said once, never edited, and always answered."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from hrp.operations.contracts import proofs as clauses
from hrp.operations.contracts.proofs import Finding, Span, Verdict
from hrp.operations.desk.models import Ticket, TicketEvent
from hrp.operations.desk.services import closing, handling, intake
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.world import RECORD, World, later
from hrp.operations.feedback import selectors
from hrp.operations.feedback.models import Enquiry, Rating, Reply, Survey
from hrp.operations.feedback.services import enquiries, rating, surveys
from hrp.operations.feedback.services.enquiries import Asked
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound
from hrp.platform.jobs.duties import duties
from hrp.platform.notify.models import Message
from hrp.platform.org.tests import places

pytestmark = pytest.mark.django_db

BOTH = (
    "operations.rating.view",
    "operations.rating.give",
    "operations.survey.view",
    "operations.enquiry.view",
)


@pytest.fixture
def world() -> World:
    made = desk.make()
    people.allow(
        made.engineer, *BOTH, selectors.ANSWER, selectors.ASK, selectors.JUDGE, selectors.SURVEY_REPLY
    )
    people.allow(
        made.head, *BOTH, selectors.ASK, selectors.JUDGE, selectors.SURVEY_EDIT, selectors.SURVEY_REPLY
    )
    people.allow(made.nurse, *BOTH, selectors.ASK, selectors.JUDGE, selectors.SURVEY_REPLY, unit=made.ward)
    return made


def closed(world: World) -> Ticket:
    ticket = world.call("B")
    with clock.pinned(later(40)):
        handling.resolve(actor=world.engineer, ticket=ticket, summary="恢复")
        closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
        closing.confirm_by_hospital(actor=world.head, ticket=ticket)
        return closing.close(actor=world.head, ticket=ticket)


def refuse_sql(*statements: str) -> None:
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def door(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestRating:
    def test_the_hospital_marks_a_closed_ticket_once(self, world: World) -> None:
        ticket = closed(world)
        with clock.pinned(later(60)):
            with pytest.raises(Forbidden):
                rating.rate(actor=world.engineer, ticket=ticket, score=5)
            made = rating.rate(actor=world.head, ticket=ticket, score=5)
            with pytest.raises(Conflict):
                rating.rate(actor=world.head, ticket=ticket, score=1, reason="改主意")
        event = TicketEvent.objects.get(ticket=ticket, type="RATED")
        assert (made.score, event.payload, event.side) == (5, {"score": 5}, "hospital")
        refuse_sql("UPDATE operations_rating SET score = 1", "DELETE FROM operations_rating")

    def test_an_open_ticket_is_not_marked(self, world: World) -> None:
        with clock.pinned(later(60)), pytest.raises(Conflict):
            rating.rate(actor=world.head, ticket=world.call("B"), score=5)
        assert not Rating.objects.exists()

    @pytest.mark.parametrize(("score", "field"), [(3, "reason"), (1, "reason"), (0, "score"), (6, "score")])
    def test_a_low_mark_says_why_and_a_mark_is_one_of_five(
        self, world: World, score: int, field: str
    ) -> None:
        ticket = closed(world)
        with clock.pinned(later(60)), pytest.raises(Invalid) as refused:
            rating.rate(actor=world.head, ticket=ticket, score=score, reason=" ")
        assert [one.field for one in refused.value.problems] == [field]

    def test_the_database_wants_the_reason_too(self, world: World) -> None:
        with pytest.raises(DatabaseError), transaction.atomic():
            Rating.objects.create(ticket=closed(world), cycle=1, score=3, by=world.head, at=later(60))

    def test_a_reopened_ticket_is_marked_for_each_cycle(self, world: World) -> None:
        ticket = closed(world)
        with clock.pinned(later(60)):
            rating.rate(actor=world.head, ticket=ticket, score=4)
        with clock.pinned(later(100)):
            call = intake.Call(call_at=later(99), answered_at=later(99))
            intake.log_further_contact(actor=world.engineer, ticket=ticket, call=call)
            handling.resolve(actor=world.engineer, ticket=ticket, summary="再次恢复")
            closing.write_maintenance_record(actor=world.engineer, ticket=ticket, text=RECORD)
            closing.confirm_by_hospital(actor=world.head, ticket=ticket)
            closing.close(actor=world.head, ticket=ticket)
            rating.rate(actor=world.head, ticket=ticket, score=2, reason="同一毛病又犯")
        found = selectors.satisfaction(dt.date(2026, 11, 1), dt.date(2026, 11, 30))
        assert (found.rated, found.closed, found.mean) == (2, 1, 3.0)

    def test_the_button_is_offered_until_it_was_used(self, world: World) -> None:
        ticket = closed(world)
        page, act = (
            reverse("operations.ticket.detail", args=[ticket.pk]),
            reverse("operations.ticket.act", args=[ticket.pk, "rate"]),
        )
        with clock.pinned(later(60)):
            assert act in door(world.head).get(page).content.decode()
            assert act not in door(world.engineer).get(page).content.decode()
            door(world.head).post(act, {"score": "2", "reason": "等得太久"})
            shown = door(world.head).get(page).content.decode()
        assert act not in shown
        assert "等得太久" in shown
        assert "等得太久" in door(world.head).get(reverse("operations.rating.list")).content.decode()


class TestSurvey:
    OPENS, CLOSES = dt.date(2026, 11, 1), dt.date(2026, 11, 30)

    @pytest.fixture
    def asked(self, world: World) -> Survey:
        """Published; the ward and the store are accounting units."""
        for unit in (world.ward, world.store):
            places.OrgTreeEdge.objects.create(
                tree="accounting", unit=unit, parent=None, valid_from=places.START
            )
        places.stamps.forget()
        survey = surveys.plan(
            actor=world.head, title="下半年满意度调查", opens_on=self.OPENS, closes_on=self.CLOSES
        )
        with pytest.raises(Conflict, match="还没有问题"):
            surveys.publish(actor=world.head, survey=survey)
        for text, kind in (("响应速度", "score"), ("解决效果", "score"), ("建议", "text")):
            surveys.add_question(actor=world.head, survey=survey, text=text, kind=kind)
        with clock.pinned(later(0)):
            return surveys.publish(actor=world.head, survey=survey)

    def given(self, survey: Survey, *said: str) -> dict[int, str]:
        return {q.pk: value for q, value in zip(survey.questions.order_by("position"), said, strict=True)}

    def test_each_department_answers_once(self, world: World, asked: Survey) -> None:
        given = self.given(asked, "5", "3", "多培训")
        with clock.pinned(later(0)):
            surveys.reply(actor=world.nurse, survey=asked, org_unit=world.ward, given=given)
            with pytest.raises(Conflict, match="已填写"):
                surveys.reply(actor=world.head, survey=asked, org_unit=world.ward, given=given)
            with pytest.raises(Forbidden):
                surveys.reply(actor=world.nurse, survey=asked, org_unit=world.store, given=given)
            with pytest.raises(Forbidden):
                surveys.reply(actor=world.engineer, survey=asked, org_unit=world.store, given=given)
            surveys.reply(
                actor=world.head, survey=asked, org_unit=world.store, given=self.given(asked, "4", "4", "")
            )
        speed, effect, words = selectors.results(asked, world.head)
        assert (speed.mean, effect.mean, effect.spread) == (4.5, 3.5, "4 分 ×1，3 分 ×1")
        assert words.words == [f"{world.ward.name}：多培训"]
        elsewhere = people.person("operations.survey.view", unit=world.store)
        assert [one.words for one in selectors.results(asked, elsewhere)] == [[], [], []], (
            "marks are summed, words not shown"
        )
        assert [one.org_unit for one in selectors.replies(asked, elsewhere)] == [world.store]
        assert list(selectors.unanswered(asked)) == []
        refuse_sql(
            "UPDATE operations_survey_reply SET answers = '[]'", "DELETE FROM operations_survey_reply",
            "UPDATE operations_survey SET title = 'x'", "UPDATE operations_survey_question SET text = 'x'",
            "DELETE FROM operations_survey_question", "DELETE FROM operations_survey_invitation",
        )  # fmt: skip

    def test_every_mark_is_given_and_within_the_days(self, world: World, asked: Survey) -> None:
        with clock.pinned(later(0)), pytest.raises(Invalid) as refused:
            surveys.reply(
                actor=world.nurse, survey=asked, org_unit=world.ward, given=self.given(asked, "6", "", "好")
            )
        assert len(refused.value.problems) == 2
        for day in (self.OPENS - dt.timedelta(days=1), self.CLOSES + dt.timedelta(days=1)):
            with clock.pinned(clock.at(day)), pytest.raises(Conflict, match="调查时间"):
                surveys.reply(
                    actor=world.nurse,
                    survey=asked,
                    org_unit=world.ward,
                    given=self.given(asked, "5", "5", ""),
                )
        assert not Reply.objects.exists()

    def test_a_published_survey_takes_no_further_question(self, world: World, asked: Survey) -> None:
        with pytest.raises(Conflict):
            surveys.add_question(actor=world.head, survey=asked, text="再问一题", kind="score")
        with pytest.raises(DatabaseError), transaction.atomic():
            asked.questions.create(position=9, text="再问一题", kind="score")

    def test_filled_over_http(self, world: World, asked: Survey) -> None:
        client, address = door(world.nurse), reverse("operations.survey.fill", args=[asked.pk])
        first, second, third = asked.questions.order_by("position")
        form = {
            "org_unit": str(world.ward.pk),
            f"q{first.pk}": "5",
            f"q{second.pk}": "4",
            f"q{third.pk}": "好",
        }
        with clock.pinned(later(0)):
            page = client.get(address).content.decode()
            assert (world.ward.name in page, world.store.name in page) == (True, False)
            assert client.post(address, form | {f"q{first.pk}": ""}).status_code == 422
            assert client.post(address, form | {"org_unit": str(world.store.pk)}).status_code == 422
            assert client.post(address, form).status_code == 302
            shown = (
                door(world.head).get(reverse("operations.survey.detail", args=[asked.pk])).content.decode()
            )
            assert "没有要填写的科室" in client.get(address).content.decode()
        with clock.pinned(clock.at(self.CLOSES + dt.timedelta(days=1))):
            assert selectors.may_reply_for(world.head, asked) == []
        assert world.ward.name in shown


class TestEnquiry:
    def ask(
        self, world: World, kind: str = "suggestion", at: dt.datetime | None = None, **changes: object
    ) -> Enquiry:
        facts: dict[str, object] = {
            "kind": kind, "org_unit": world.ward, "module": "物流管理系统", "title": "领用单能否按模板", "text": "每周领的都一样",
        }  # fmt: skip
        with clock.pinned(at or later(0)):
            return enquiries.ask(actor=world.nurse, asked=Asked(**{**facts, **changes}))  # type: ignore[arg-type]

    def test_what_was_asked_stands_and_the_desk_is_told(self, world: World) -> None:
        enquiry = self.ask(world)
        assert (enquiry.state, enquiry.in_scope, enquiry.respond_by) == ("open", True, later(120))
        assert Message.objects.filter(recipient=world.engineer, title__startswith="建议：").exists()
        refuse_sql("UPDATE operations_enquiry SET text = 'x'", "DELETE FROM operations_enquiry")

    def test_what_is_missing_is_named_and_other_departments_are_out_of_reach(self, world: World) -> None:
        with pytest.raises(Invalid) as refused:
            self.ask(world, kind="gossip", title="", text=" ")
        assert {one.field for one in refused.value.problems} == {"kind", "title", "text"}
        with pytest.raises(Forbidden):
            self.ask(world, org_unit=world.store)

    def test_a_question_is_answered_and_the_asker_judges(self, world: World) -> None:
        enquiry = self.ask(world, "question")
        with clock.pinned(later(30)):
            with pytest.raises(Forbidden):
                enquiries.answer(actor=world.head, enquiry=enquiry, text="我猜是")
            with pytest.raises(Invalid):
                enquiries.answer(actor=world.engineer, enquiry=enquiry, text=" ")
            answered = enquiries.answer(actor=world.engineer, enquiry=enquiry, text="用「复制单据」")
        assert (answered.state, answered.responded_at) == ("answered", later(30))
        assert Message.objects.filter(recipient=world.nurse, title__startswith="已答复").exists()
        with clock.pinned(later(40)):
            with pytest.raises(Forbidden):
                enquiries.judge(actor=world.engineer, enquiry=enquiry, accepted=True)
            with pytest.raises(Invalid):
                enquiries.judge(actor=world.nurse, enquiry=enquiry, accepted=False, text="")
            assert (
                enquiries.judge(actor=world.nurse, enquiry=enquiry, accepted=False, text="没有这个按钮").state
                == "open"
            )
            enquiries.answer(actor=world.engineer, enquiry=enquiry, text="在「更多」里")
            settled = enquiries.judge(actor=world.nurse, enquiry=enquiry, accepted=True)
        assert (settled.state, settled.responded_at) == ("settled", later(30))
        assert [step.step for step in selectors.steps(enquiry)] == ["answer", "reopen", "answer", "accept"]
        refuse_sql("UPDATE operations_enquiry_step SET text = 'x'", "DELETE FROM operations_enquiry_step")

    def test_a_suggestion_is_decided_with_an_answer_and_delivered(self, world: World) -> None:
        enquiry = self.ask(world)
        with clock.pinned(later(30)):
            with pytest.raises(Conflict):
                enquiries.answer(actor=world.engineer, enquiry=enquiry, text="好主意")
            with pytest.raises(Invalid):
                enquiries.decide(actor=world.engineer, enquiry=enquiry, decision="maybe", text="再看看")
            planned = enquiries.decide(
                actor=world.engineer, enquiry=enquiry, decision="accepted", text="列入", target="V2.4"
            )
            assert planned.state == "planned"
            assert (
                enquiries.finish(actor=world.engineer, enquiry=enquiry, text="V2.4 已发布").state
                == "answered"
            )

    def test_a_complaint_has_an_owner_and_a_day_and_is_not_forgotten(self, world: World) -> None:
        enquiry = self.ask(world, "complaint", ticket=closed(world))
        due = later(0).date() + dt.timedelta(days=3)
        with clock.pinned(later(30)):
            with pytest.raises(Invalid):
                enquiries.assign(actor=world.engineer, enquiry=enquiry, owner=world.head, due_on=due)
            with pytest.raises(Invalid):
                enquiries.assign(
                    actor=world.engineer,
                    enquiry=enquiry,
                    owner=world.engineer,
                    due_on=due - dt.timedelta(days=9),
                )
            given = enquiries.assign(actor=world.engineer, enquiry=enquiry, owner=world.engineer, due_on=due)
        assert (given.state, given.owner, given.due_on) == ("working", world.engineer, due)
        late = Message.objects.filter(title__startswith="超期未办结")
        for day, told in ((due, 0), (due + dt.timedelta(days=1), 1), (due + dt.timedelta(days=1), 1)):
            with clock.pinned(clock.at(day, 9)):
                duties["feedback.overdue"].function()
            assert late.count() == told
        with clock.pinned(clock.at(due, 15)):
            enquiries.finish(actor=world.engineer, enquiry=enquiry, text="已当面致歉并加派人手")
        with clock.pinned(clock.at(due + dt.timedelta(days=2), 9)):
            assert enquiries.tell_overdue(clock.today()) == 0

    def test_departments_see_their_own(self, world: World) -> None:
        enquiry = self.ask(world)
        stranger = people.person(selectors.ENQUIRY, selectors.JUDGE, unit=world.store)
        assert door(stranger).get(selectors.url_of(enquiry)).status_code == 404
        assert enquiry.title in door(world.nurse).get(selectors.url_of(enquiry)).content.decode()
        with pytest.raises(NotFound):
            enquiries.judge(actor=stranger, enquiry=enquiry, accepted=True)

    def test_asked_and_decided_over_http(self, world: World) -> None:
        form = {
            "kind": "suggestion", "module": "物流管理系统", "org_unit": str(world.ward.pk), "title": "列宽记住", "text": "每次都要拉",
        }  # fmt: skip
        with clock.pinned(later(0)):
            answer = door(world.nurse).post(reverse("operations.enquiry.page_act", args=["ask"]), form)
            enquiry = Enquiry.objects.get()
            assert answer.headers["Location"] == selectors.url_of(enquiry)
            decide = reverse("operations.enquiry.act", args=[enquiry.pk, "decide"])
            said = {"decision": "accepted", "target": "V2.4", "text": "列入下个版本"}
            assert door(world.nurse).post(decide, said).status_code == 403
            door(world.engineer).post(decide, said)
            page = door(world.nurse).get(selectors.url_of(enquiry)).content.decode()
        assert "采纳，列入计划　计划 V2.4　列入下个版本" in page
        assert "/act/accept" not in page, "a plan is not yet an answer to judge"


class TestProof:
    """AC-17: every suggestion, consultation and question is answered."""

    def prove(self, world: World, as_of: dt.datetime, code: str = "AC-17") -> Finding:
        return clauses.prove(code, Span(world.contract, dt.date(2026, 11, 1), dt.date(2026, 11, 30), as_of))

    def test_answered_ones_meet_it_with_their_figures(self, world: World) -> None:
        ask = TestEnquiry().ask
        one, two = ask(world), ask(world, "consult")
        with clock.pinned(later(30)):
            enquiries.decide(actor=world.engineer, enquiry=one, decision="declined", text="与规范不符")
        with clock.pinned(later(300)):
            enquiries.answer(actor=world.engineer, enquiry=two, text="见手册")
        found = self.prove(world, later(400))
        assert (found.verdict, found.exceptions, len(found.evidence)) == (Verdict.MET, (), 2)
        assert found.figure == "已答复：建议 1/1，咨询 1/1；按 C 级时限首次回应 1/2"

    def test_one_left_unanswered_breaks_it_by_name(self, world: World) -> None:
        enquiry = TestEnquiry().ask(world)
        assert self.prove(world, later(60)).verdict == Verdict.NOT_APPLICABLE, "not due yet"
        found = self.prove(world, later(121))
        assert found.verdict == Verdict.NOT_MET
        assert found.exceptions == (f"{enquiry.number} 建议「{enquiry.title}」2026-11-23 提出，未答复",)

    def test_an_answer_the_asker_refused_is_none(self, world: World) -> None:
        enquiry = TestEnquiry().ask(world, "question")
        with clock.pinned(later(30)):
            enquiries.answer(actor=world.engineer, enquiry=enquiry, text="不知道")
            enquiries.judge(actor=world.nurse, enquiry=enquiry, accepted=False, text="没有回答")
        assert self.prove(world, later(200)).verdict == Verdict.NOT_MET

    def test_nothing_asked_needs_no_answer_and_complaints_are_another_matter(self, world: World) -> None:
        assert self.prove(world, later(60)).verdict == Verdict.NOT_APPLICABLE
        TestEnquiry().ask(world, "complaint")
        assert self.prove(world, later(600)).verdict == Verdict.NOT_APPLICABLE

    def test_enquiries_name_their_system_for_ac_01(self, world: World) -> None:
        TestEnquiry().ask(world, module="门诊挂号")
        found = self.prove(world, later(60), "AC-01")
        assert (found.verdict, found.figure) == (Verdict.MET, "咨询与建议 1/1（范围外 1）")


def test_without_a_mark_there_is_no_mean(world: World) -> None:
    closed(world)
    found = selectors.satisfaction(dt.date(2026, 11, 1), dt.date(2026, 11, 30))
    assert (found.rated, found.closed, found.mean) == (0, 1, None)
