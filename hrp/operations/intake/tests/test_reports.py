"""The button on every page, 「我已致电」, on-site reports, merging and cancelling, over HTTP."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client
from django.urls import reverse

from hrp.operations.desk.models import ContactEvidence, Ticket, TicketEvent
from hrp.operations.desk.services import handling
from hrp.operations.desk.tests.world import MONDAY, World, later
from hrp.operations.intake.models import PageReport
from hrp.operations.intake.tests import world as tests
from hrp.operations.intake.tests.world import Pbx, door
from hrp.platform.access.models import User
from hrp.platform.access.tests import people
from hrp.platform.base import clock

pytestmark = pytest.mark.django_db
REPORT = "/operations/report"


@pytest.fixture
def world() -> World:
    return tests.make()


@pytest.fixture
def keeper(world: World) -> User:
    """Somebody of the hospital with no right at the desk and no place in the contract."""
    user = people.person("org.unit.view", name="钱库管")
    user.unit = world.store
    user.phone = "6633"
    user.save(update_fields=["unit", "phone"])
    return user


def form(**changes: str) -> dict[str, str]:
    return {
        "title": "出库保存报错", "description": "点保存就报错", "module": "物流管理系统", "phone": "6633",
        "page": "/logistics/stock-issues/7", "level": "B", "stopped": "no", "workaround": "yes", "reach": "some", **changes,
    }  # fmt: skip


def act(user: User, ticket: Ticket, code: str, minute: float, **given: str) -> int:
    with clock.pinned(later(minute)):
        return door(user).post(reverse("operations.ticket.act", args=[ticket.pk, code]), given).status_code


def first_contact(ticket: Ticket) -> TicketEvent:
    return TicketEvent.objects.filter(ticket=ticket, type="CONTACT").order_by("seq")[0]


def test_every_page_carries_the_button_for_everybody(keeper: User, world: World) -> None:
    for user in (keeper, world.engineer, world.head):
        assert 'hx-get="/operations/report?page=' in door(user).get("/account/me").content.decode()


def test_only_the_suppliers_agents_listen_for_calls_and_only_at_the_desk(keeper: User, world: World) -> None:
    listens = 'id="call-popup"'
    assert listens in door(world.engineer).get("/operations/tickets/").content.decode()
    assert listens not in door(world.engineer).get("/account/me").content.decode()
    assert listens not in door(world.head).get("/operations/tickets/").content.decode()


def test_anybody_reports_and_page_version_browser_come_along(keeper: User, world: World) -> None:
    client = door(keeper)
    with clock.pinned(MONDAY):
        dialog = client.get(REPORT, {"page": "/logistics/stock-issues/7"}).content.decode()
        answer = client.post(REPORT, form(), headers={"User-Agent": "Firefox/140"})
    assert "<option selected>物流管理系统" in dialog
    assert answer.status_code == 200
    ticket = Ticket.objects.get()
    assert (ticket.org_unit, ticket.reporter_name, ticket.reporter_phone) == (world.store, "钱库管", "6633")
    assert ticket.first_contact_at == MONDAY
    report = PageReport.objects.get()
    assert (report.user, report.page, report.browser) == (keeper, "/logistics/stock-issues/7", "Firefox/140")
    payload = first_contact(ticket).payload
    assert payload["answers"] == {"stopped": False, "workaround": True, "reach": "some"}
    assert (payload["proposed"], payload["page"]) == ("B", "/logistics/stock-issues/7")
    assert ContactEvidence.objects.get().raw["user"] == keeper.username


def test_last_error_is_attached_with_its_code_and_request(keeper: User, world: World) -> None:
    client = door(keeper)
    refused = client.get("/operations/tickets/", headers={"X-Request-ID": "abcdef123456"})
    assert refused.status_code == 403
    assert "abcdef123456" in refused.content.decode()
    with clock.pinned(MONDAY):
        assert "abcdef123456" in client.get(REPORT).content.decode()
        client.post(REPORT, form(with_error="1"))
    error = PageReport.objects.get().error
    assert (error["status"], error["request"], error["page"]) == (403, "abcdef123456", "/operations/tickets/")
    payload = first_contact(Ticket.objects.get()).payload
    assert "abcdef123456" in payload["error"]
    assert len(payload["error_hash"]) == 16


def test_forged_error_cookie_is_ignored(keeper: User, world: World) -> None:
    client = door(keeper)
    client.cookies["hrp_last_error"] = "eyJjb2RlIjoiZm9yZ2VkIn0:1xyz:forged"
    with clock.pinned(MONDAY):
        assert client.post(REPORT, form(with_error="1")).status_code == 200
    assert PageReport.objects.get().error == {}


def test_grave_report_shows_the_hotline_and_takes_the_hospitals_own_time(keeper: User, world: World) -> None:
    client = door(keeper)
    with clock.pinned(MONDAY):
        answer = client.post(REPORT, form(level="1"), headers={"HX-Request": "true"}).content.decode()
    ticket = Ticket.objects.get()
    assert "400-800-1234" in answer
    assert "我已致电" in answer
    assert (ticket.level, ticket.reported_level) == ("B", "1")
    with clock.pinned(later(2)):
        called = client.post(reverse("operations.report.called", args=[PageReport.objects.get().pk]))
        assert called.status_code == 302
    claim = TicketEvent.objects.get(type="CALL_CLAIMED")
    assert (claim.at, claim.payload["told_by"]) == (later(2), "钱库管")
    ticket.refresh_from_db()
    assert ticket.level == "B"  # a word is no call: the 1级 clocks wait for one that connects


def test_nobody_claims_a_call_on_the_report_of_another(keeper: User, world: World) -> None:
    with clock.pinned(MONDAY):
        door(keeper).post(REPORT, form(level="1"))
        other = people.person("org.unit.view")
        answer = door(other).post(reverse("operations.report.called", args=[PageReport.objects.get().pk]))
    assert answer.status_code == 404
    assert not TicketEvent.objects.filter(type="CALL_CLAIMED").exists()


def test_my_reports_show_mine_only(keeper: User, world: World) -> None:
    with clock.pinned(MONDAY):
        door(keeper).post(REPORT, form())
        number = Ticket.objects.get().number
        assert number in door(keeper).get(reverse("operations.report.mine")).content.decode()
        assert number not in door(world.head).get(reverse("operations.report.mine")).content.decode()


@pytest.mark.parametrize(
    ("changes", "word"), [({"title": ""}, "事项"), ({"level": "9"}, "级别"), ({"title": "长" * 101}, "100")]
)
def test_incomplete_report_is_refused_in_the_dialog(keeper: User, changes: dict[str, str], word: str) -> None:
    with clock.pinned(MONDAY):
        answer = door(keeper).post(REPORT, form(**changes), headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#report-alert"
    assert word in answer.content.decode()
    assert not Ticket.objects.exists()


def test_without_a_contract_the_button_says_so() -> None:
    user = people.person("org.unit.view")
    assert "信息中心" in door(user).get(REPORT).content.decode()


def test_page_that_polls_does_not_keep_a_session_alive(world: World) -> None:
    client = door(world.engineer)
    with clock.pinned(MONDAY):
        client.get("/account/me")
    with clock.pinned(later(14)):
        assert client.get(reverse("operations.call.popup"), headers={"X-Background": "1"}).status_code == 200
    with clock.pinned(later(16)):
        assert client.get("/account/me").status_code == 302


# --- I-03: the earlier of the two parties' times ---------------------------------------------------------------------


def test_claim_moves_a_start_typed_by_hand_earlier(world: World) -> None:
    ticket = world.call("B", at=later(5))
    assert act(world.head, ticket, "claim_call", 8, at="10:02") == 302
    ticket.refresh_from_db()
    assert ticket.first_contact_at == later(2)


def test_claim_moves_no_record_of_the_telephone_system(world: World) -> None:
    pbx = Pbx(world)
    pbx.say("c1", "ring", 300)
    pbx.say("c1", "missed", 330)
    ticket = Ticket.objects.get()
    assert act(world.head, ticket, "claim_call", 8, at="10:02") == 302
    ticket.refresh_from_db()
    assert ticket.first_contact_at == later(5)
    assert TicketEvent.objects.filter(ticket=ticket, type="CALL_CLAIMED").exists()


@pytest.mark.parametrize(
    ("given", "status"),
    [({"at": "10:20"}, 422), ({"at": "09:40"}, 422), ({"at": "09:40", "late_reason": "通话截图"}, 302)],
)
def test_claim_of_the_future_or_without_evidence_is_refused(
    world: World, given: dict[str, str], status: int
) -> None:
    ticket = world.call("B", at=later(5))
    assert act(world.head, ticket, "claim_call", 8, **given) == status


def test_supplier_cannot_claim_for_the_hospital(world: World) -> None:
    ticket = world.call("B")
    assert act(world.engineer, ticket, "claim_call", 8) == 403


# --- on site ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "status", "word"),
    [
        ({}, 302, ""),
        ({"call_at": "09:30"}, 422, "三(二)5"),
        ({"call_at": "09:30", "late_reason": "李主管在场"}, 302, ""),
        ({"call_at": "11:30"}, 422, "晚于现在"),
    ],
)
def test_report_told_on_site(world: World, changes: dict[str, str], status: int, word: str) -> None:
    told = {
        "channel": "onsite", "reporter_name": "王药师", "org_unit": world.store.code, "module": "物流管理系统",
        "title": "扫码枪不响", "level": "B", "call_at": "10:00", **changes,
    }  # fmt: skip
    with clock.pinned(later(2)):
        answer = door(world.engineer).post(reverse("operations.ticket.new"), told)
    assert answer.status_code == status
    assert word in answer.content.decode()
    if status == 302:
        evidence = ContactEvidence.objects.get()
        assert (evidence.channel, evidence.source) == ("onsite", "manual")


# --- suggestions, merging, cancelling -------------------------------------------------------------------------------


def test_form_proposes_the_level_and_names_like_tickets(world: World) -> None:
    world.call("B")
    with clock.pinned(later(5)):
        client = door(world.engineer)
        level = client.get(
            reverse("operations.ticket.proposed_level"),
            {"stopped": "yes", "workaround": "no", "reach": "all"},
        ).content.decode()
        like = client.get(
            reverse("operations.ticket.similar"), {"title": "无法出库", "module": "物流管理系统"}
        ).content.decode()
        other = client.get(
            reverse("operations.ticket.similar"), {"title": "无法出库", "module": "人力资源管理系统"}
        ).content.decode()
    assert 'data-proposed-level="1"' in level
    assert "灾难性的业务影响" in level
    assert "400-800-1234" in level
    assert "FW2026-00001" in like
    assert "FW2026" not in other


def test_like_tickets_of_other_departments_stay_hidden(world: World) -> None:
    world.call("B")
    with clock.pinned(later(5)):
        answer = door(world.nurse).get(
            reverse("operations.ticket.similar"), {"title": "无法出库", "module": "物流管理系统"}
        )
    assert "FW2026" not in answer.content.decode()


def test_same_error_is_suggested_whatever_the_title(keeper: User, world: World) -> None:
    for title in ("保存不了", "点了没反应"):
        client = door(keeper)
        client.get("/operations/tickets/")
        with clock.pinned(MONDAY):
            client.post(REPORT, form(title=title, with_error="1"))
    second = Ticket.objects.get(title="点了没反应")
    with clock.pinned(later(5)):
        page = door(world.head).get(reverse("operations.ticket.detail", args=[second.pk])).content.decode()
    assert "可能重复" in page
    assert "保存不了" in page


def test_merging_keeps_every_reporter_and_the_clock_of_the_master(world: World) -> None:
    master, duplicate = world.call("1"), world.call("1", at=later(5))
    before = list(master.clocks.values_list("key", "start", "due"))
    assert act(world.engineer, duplicate, "merge_into", 10, master=master.number) == 302
    master.refresh_from_db()
    duplicate.refresh_from_db()
    assert duplicate.state == "merged"
    assert (master.state, list(master.clocks.values_list("key", "start", "due"))) == ("responded", before)
    linked = TicketEvent.objects.get(ticket=master, type="LINKED").payload
    assert linked["ticket"] == duplicate.number
    assert linked["reporter"].startswith("王药师")
    with clock.pinned(later(11)):
        page = door(world.head).get(reverse("operations.ticket.detail", args=[master.pk])).content.decode()
    assert duplicate.number in page


def test_merging_an_earlier_report_moves_the_start_of_the_master(world: World) -> None:
    earlier, master = world.call("B"), world.call("B", at=later(5))
    assert act(world.engineer, earlier, "merge_into", 10, master=master.number) == 302
    master.refresh_from_db()
    assert master.first_contact_at == MONDAY
    assert "clock_start_moved_earlier" in master.flags


@pytest.mark.parametrize("level", ["A", "1"])
def test_nothing_grave_disappears_into_something_mild(world: World, level: str) -> None:
    master, duplicate = world.call("B"), world.call(level, at=later(5))
    assert act(world.engineer, duplicate, "merge_into", 10, master=master.number) == 409
    duplicate.refresh_from_db()
    assert duplicate.state == "responded"


def test_merging_is_refused_into_itself_into_nothing_and_into_what_is_over(world: World) -> None:
    ticket, over = world.call("B"), world.call("B", at=later(1))
    with clock.pinned(later(5)):
        handling.resolve(actor=world.engineer, ticket=over, summary="好了")
    assert act(world.engineer, ticket, "merge_into", 10, master=ticket.number) == 422
    assert act(world.engineer, ticket, "merge_into", 10, master="FW2026-99999") == 404
    assert act(world.engineer, ticket, "merge_into", 10, master=over.number) == 409
    ticket.refresh_from_db()
    assert ticket.state == "responded"


def test_merged_is_merged_for_good(world: World) -> None:
    master, duplicate = world.call("B"), world.call("B", at=later(5))
    act(world.engineer, duplicate, "merge_into", 10, master=master.number)
    assert act(world.engineer, duplicate, "resolve", 11, summary="x") == 409
    assert act(world.engineer, duplicate, "merge_into", 11, master=master.number) == 409
    with clock.pinned(later(12)):
        page = (
            door(world.engineer).get(reverse("operations.ticket.detail", args=[master.pk])).content.decode()
        )
    assert "并入后不能撤回" in page


def test_department_cannot_merge_into_what_it_cannot_see(world: World) -> None:
    people.allow(world.nurse, "operations.ticket.decide", unit=world.ward)
    master = world.call("B")
    with clock.pinned(later(1)):
        mine = tests.desk.intake.log_written_contact(
            actor=world.nurse, report=world.report("B", org_unit=world.ward), channel="web"
        )
    assert act(world.nurse, mine, "merge_into", 5, master=master.number) == 404


def test_hospital_cancels_with_a_reason_and_nobody_else(world: World) -> None:
    ticket = world.call("B")
    assert act(world.engineer, ticket, "cancel", 5, reason="不修了") == 403
    assert act(world.head, ticket, "cancel", 5, reason=" ") == 422
    assert act(world.head, ticket, "cancel", 5, reason="科室误报") == 302
    ticket.refresh_from_db()
    assert ticket.state == "cancelled"
    assert TicketEvent.objects.get(ticket=ticket, type="CANCELLED").payload["reason"] == "科室误报"


# --- bad input through the pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"call_at": "09:30"}, "三(二)5"),
        ({"call_at": "11:30"}, "晚于现在"),
        ({"call_at": "10:00", "answered": "later", "answered_at": "09:59"}, "早于来电"),
    ],
)
def test_impossible_phone_times_are_refused_with_the_clause(
    world: World, changes: dict[str, str], word: str
) -> None:
    told = {
        "channel": "phone", "reporter_name": "王药师", "org_unit": world.store.code, "module": "物流管理系统",
        "title": "全院无法出库", "level": "1", "call_at": "10:00", "answered": "at_once", **changes,
    }  # fmt: skip
    with clock.pinned(later(2)):
        answer = door(world.engineer).post(reverse("operations.ticket.new"), told)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("code", "given", "word"),
    [
        ("reclassify", {"to": "C", "basis": "overstated", "reason": "没那么重"}, "I-10"),
        ("close", {}, "三(二)1(4)"),
    ],
)
def test_unilateral_acts_are_refused_with_the_clause(
    world: World, code: str, given: dict[str, str], word: str
) -> None:
    ticket = world.call("1")
    with clock.pinned(later(5)):
        answer = door(world.engineer).post(reverse("operations.ticket.act", args=[ticket.pk, code]), given)
    assert answer.status_code == 409
    assert word in answer.content.decode()


def test_wizard_answers_stay_with_a_call(world: World) -> None:
    told = {
        "channel": "phone", "reporter_name": "王药师", "org_unit": world.store.code, "module": "物流管理系统",
        "title": "全院无法出库", "level": "A", "call_at": "10:00", "answered": "at_once", "stopped": "yes",
        "workaround": "no", "reach": "all",
    }  # fmt: skip
    with clock.pinned(later(2)):
        client = door(world.engineer)
        client.post(reverse("operations.ticket.new"), told)
        ticket = Ticket.objects.get()
        page = client.get(reverse("operations.ticket.detail", args=[ticket.pk])).content.decode()
    payload = first_contact(ticket).payload
    assert (payload["level"], payload["proposed"]) == ("A", "1")
    assert "核心业务已停，无变通办法，影响全院" in page


def test_door_of_the_telephone_system_is_the_only_one_without_a_session() -> None:
    client = Client(enforce_csrf_checks=True)
    assert (
        client.post("/operations/cti/events", json.dumps({}), content_type="application/json").status_code
        == 401
    )
    for name in (
        "operations.report",
        "operations.report.mine",
        "operations.call.popup",
        "operations.call.records",
    ):
        assert client.get(reverse(name)).status_code == 302


def test_late_reports_of_the_night_are_counted_from_receipt(keeper: User, world: World) -> None:
    night = MONDAY - dt.timedelta(hours=8)
    with clock.pinned(night):
        door(keeper).post(REPORT, form())
    clock_row = Ticket.objects.get().clocks.get(kind="response")
    assert (clock_row.start, clock_row.due) == (night, night + dt.timedelta(hours=1))
