"""Holes the matrix found or would not have seen, each by its name, so that none is dug again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse

from hrp.logistics.documents.stock_issue import StockIssue
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import handling, intake
from hrp.operations.desk.services.paging import source_of
from hrp.operations.duty.models import PagingRun
from hrp.operations.feedback.models import Survey
from hrp.platform.access.models import RoleGrant
from hrp.platform.access.services import create_key
from hrp.platform.base import stamps
from hrp.platform.base.refusals import Forbidden, Invalid
from hrp.platform.documents import posting, services
from hrp.platform.documents.models import Delegation
from hrp.platform.org.models import Campus, OrgUnit
from hrp.platform.org.models import Hospital as LegalEntity
from hrp.platform.ui import work
from hrp.platform.ui.dashboards import view_of
from hrp.platform.ui.own import overview
from tests.permissions.checker import text_of
from tests.permissions.places import HEAVY, PLACES, SEEN, canary
from tests.permissions.requests import Requests
from tests.permissions.world import NOW, YESTERDAY, Hospital


@pytest.fixture(autouse=True)
def _taken_back(hospital: Hospital) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def get(hospital: Hospital, column: str, address: str, **query: Any) -> HttpResponse:
    return Requests(hospital).clients[column].get(address, query)


def sent(hospital: Hospital, column: str, method: str, address: str, body: dict[str, Any]) -> HttpResponse:
    client = Requests(hospital).clients[column]
    return client.generic(method, address, json.dumps(body, default=str), "application/json")


def test_the_api_writes_and_describes_itself(hospital: Hospital) -> None:
    """Bodies were named by text nobody could resolve: every write, and the description, broke."""
    header, lines = hospital.forms["logistics.stock_issue"]["own"]
    body = {"header": {**header, "receiver": "王护士"}, "lines": lines}
    made = sent(hospital, "rq", "POST", "/api/v1/logistics/stock-issues", body)
    assert made.status_code < 300, made.content.decode()
    draft = json.loads(made.content)
    assert draft["header"]["receiver"] == "王护士"
    body["header"]["receiver"] = "李护士"
    changed = sent(hospital, "rq", "PUT", f"/api/v1/logistics/stock-issues/{draft['id']}", body)
    assert json.loads(changed.content)["header"]["receiver"] == "李护士"
    described = get(hospital, "rq", "/api/v1/openapi.json")
    assert "/api/v1/logistics/stock-issues" in json.loads(described.content)["paths"]


def test_the_api_describes_itself_to_callers_only(hospital: Hospital) -> None:
    assert get(hospital, "", "/api/v1/openapi.json").status_code == 401
    assert get(hospital, "ky", "/api/v1/openapi.json").status_code == 200


@pytest.mark.parametrize("address", ["/logistics/stock-issues/new", "/api/v1/logistics/stock-issues"])
def test_without_permission_a_form_is_not_even_read(hospital: Hospital, address: str) -> None:
    """A wrong body used to be answered with what was wrong in it, and with the whole form."""
    said = sent(hospital, "au", "POST", address, {"header": {"store": "S-sibling"}, "lines": []})
    assert said.status_code == 403
    assert "库房" not in said.content.decode()


def test_a_filter_does_not_name_a_store_out_of_reach(hospital: Hospital) -> None:
    store = hospital.stores["sibling"]
    page = get(hospital, "rq", "/logistics/stock-issues/", store=store.pk).content.decode()
    assert canary("sibling") not in page
    own = hospital.stores["own"]
    assert canary("own") in get(hospital, "rq", "/logistics/stock-issues/", store=own.pk).content.decode()


def test_a_refused_form_does_not_name_a_store_out_of_reach(hospital: Hospital) -> None:
    client = Requests(hospital).clients["rq"]
    form = {"act": "save", "sent": "1", "version": "1", "store": str(hospital.stores["sibling"].pk)}
    page = client.post("/logistics/stock-issues/new", form)
    assert page.status_code == 422
    assert canary("sibling") not in page.content.decode()


def test_who_looks_at_periods_may_not_search_all_users(hospital: Hospital) -> None:
    """A read-only column of a register opened the administrators' look-up of users."""
    assert get(hospital, "ca", "/lookup/system.user", q="person").status_code == 403


def test_the_journal_is_narrowed_to_the_department(hospital: Hospital) -> None:
    entry = hospital.objects["ledger.entry"]["own"]
    page = get(hospital, "al", f"/ledger/entries/{entry}").content.decode()
    assert canary("own") in page
    assert "2307" not in page, "the other side of the entry belongs to no department"
    assert "2307" in get(hospital, "ca", f"/ledger/entries/{entry}").content.decode()


def test_the_overview_sums_the_department_only(hospital: Hospital) -> None:
    year = view_of("year")
    [narrow] = [b for b in overview.trend(hospital.people["al"], year)["bars"] if b["name"] == "费用"]
    [wide] = [b for b in overview.trend(hospital.people["fi"], year)["bars"] if b["name"] == "费用"]
    heavy = float(round(Decimal(HEAVY) / 10_000, 2))
    assert sum(narrow["data"]) < 1
    assert sum(wide["data"]) >= heavy
    assert "7743" not in str(overview.structure(hospital.people["al"], year))


def test_an_export_takes_away_what_may_be_exported(hospital: Hospital) -> None:
    """Whoever may look everywhere but export in one department exported everything."""
    listed = text_of(get(hospital, "mx", "/logistics/stock-issues/"))
    taken = text_of(get(hospital, "mx", "/logistics/stock-issues/export"))
    assert [place for place in PLACES if canary(place) in listed] == list(PLACES)
    assert [place for place in PLACES if canary(place) in taken] == list(SEEN)


def test_the_certificate_is_the_whole_hospitals(hospital: Hospital) -> None:
    run = hospital.objects["costing.run"]["own"]
    assert get(hospital, "hd", f"/costing/runs/{run}/certificate").status_code == 404
    assert get(hospital, "ca", f"/costing/runs/{run}/certificate").status_code == 200
    assert "守恒证书" not in get(hospital, "hd", "/costing/reports/03/").content.decode()


def test_nobody_delegates_another_persons_approvals_to_himself(hospital: Hospital) -> None:
    people = hospital.people
    client = Requests(hospital).clients["al"]
    form = {
        "principal": people["rq"].pk,
        "deputy": people["al"].pk,
        "valid_from": "2026-11-24",
        "valid_to": "2026-12-24",
        "reason": "代管",
    }
    assert client.post("/documents/delegations/new", form).status_code == 403
    form |= {"principal": people["al"].pk, "deputy": people["rq"].pk}
    assert client.post("/documents/delegations/new", form).status_code == 302
    assert Delegation.objects.get(reason="代管").principal == people["al"]


def test_goods_do_not_leave_a_store_kept_by_others(hospital: Hospital) -> None:
    """The right to post was asked in the using department only: any store could be emptied from one's own."""
    header, lines = hospital.forms["logistics.stock_issue"]["own"]
    actor = hospital.people["al"]
    header = {**header, "store": hospital.stores["sibling"].pk}
    draft = services.submit(
        services.save_draft(StockIssue, actor=actor, header=header, lines=lines), actor=actor
    )
    with pytest.raises(Forbidden, match="由其他科室管理"):
        posting.post(draft, actor=actor)
    posting.post(draft, actor=hospital.people["sk"])


def test_a_document_does_not_borrow_the_book_of_another_hospital(hospital: Hospital) -> None:
    other = LegalEntity.objects.create(code="H2", name="另一家医院")
    campus = Campus.objects.create(hospital=other, code="Z2", name="他院")
    header, lines = hospital.forms["logistics.stock_issue"]["own"]
    with pytest.raises(Invalid) as refused:
        services.save_draft(
            StockIssue, actor=hospital.people["al"], header={**header, "campus": campus.pk}, lines=lines
        )
    assert [(p.field, p.message) for p in refused.value.problems] == [
        ("campus", "院区与科室不属于同一家医院")
    ]


def test_only_the_supplier_waits_for_the_hospital(hospital: Hospital) -> None:
    ticket = Ticket.objects.get(pk=hospital.objects["operations.ticket"]["own"])
    with pytest.raises(Forbidden):
        handling.wait_for_hospital(actor=hospital.people["mx"], ticket=ticket, reason="等待口令")


def test_what_one_started_is_seen_only_where_one_still_may(hospital: Hospital) -> None:
    maker = hospital.people["rq"]
    StockIssue.objects.filter(pk=hospital.objects["logistics.stock_issue"]["own"]).update(maker=maker)
    StockIssue.objects.filter(pk=hospital.objects["logistics.stock_issue"]["departed"]).update(maker=maker)
    assert [paper.unit for paper in work.started_by(maker)] == [hospital.units["own"].name]


def test_the_system_administrator_maintains_the_organisation(hospital: Hospital) -> None:
    """Seeing the departments was business, changing them was not: nobody could do both, so nobody could do it."""
    unit = hospital.units["below"]
    page = get(hospital, "sy", f"/org/units/{unit.pk}")
    assert page.status_code == 200
    assert "act-rename" in page.content.decode()
    client = Requests(hospital).clients["sy"]
    done = client.post(f"/org/units/{unit.pk}/act/rename", {"name": "新名科"})
    assert done.status_code == 302
    assert OrgUnit.objects.get(pk=unit.pk).name == "新名科"
    assert "/org/units/" in get(hospital, "sy", "/").content.decode(), "and the menu leads there"


def test_a_grant_that_ended_yesterday_shows_nothing_today(hospital: Hospital) -> None:
    address = f"/logistics/stock-issues/{hospital.objects['logistics.stock_issue']['own']}"
    assert get(hospital, "hd", address).status_code == 200
    RoleGrant.objects.filter(user=hospital.people["hd"]).update(valid_to=YESTERDAY)
    stamps.forget()
    assert get(hospital, "hd", address).status_code == 403


@pytest.mark.parametrize(
    "place", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"]
)
def test_acts_on_ticked_rows_do_not_lead_out_of_the_hospital(hospital: Hospital, place: str) -> None:
    """The form names the page to come back to; whoever wrote the form could name any."""
    client = Requests(hospital).clients["al"]
    row = hospital.objects["logistics.stock_issue"]["own"]
    address = "/logistics/stock-issues/bulk/submit"
    assert client.post(address, {"row": row, "next": place})["Location"] == "/logistics/stock-issues/"
    back = "/logistics/stock-issues/?page=2"
    assert client.post(address, {"row": row, "next": back})["Location"] == back


def test_who_only_reads_a_document_puts_nothing_beside_it(hospital: Hospital) -> None:
    address = f"/logistics/stock-issues/{hospital.objects['logistics.stock_issue']['own']}"
    for column, status in (("hd", 403), ("rq", 302)):
        client = Requests(hospital).clients[column]
        told = client.post(
            f"{address}/attachments", {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7\n%%EOF\n")}
        )
        assert told.status_code == status, column
        assert ('data-dialog="#attach"' in client.get(address).content.decode()) is (status == 302), column


def test_a_nurse_does_not_stop_the_calling_of_the_engineer_on_duty(hospital: Hospital) -> None:
    """Answering a page asked for nothing but the sight of the ticket: nobody would have been called any more."""
    report = intake.Report(
        org_unit=hospital.units["own"], module="物流管理系统", title="无法出库", level="1", reporter_name="王护士"
    )  # fmt: skip
    ticket = intake.log_phone_contact(
        actor=hospital.people["se"], report=report, call=intake.Call(call_at=NOW, answered_at=NOW)
    )
    calling = PagingRun.objects.get(source=source_of(ticket))
    for column, status, state in (("rq", 403, "active"), ("se", 302, "acked")):
        client = Requests(hospital).clients[column]
        assert client.post(f"/operations/tickets/{ticket.pk}/page_ack").status_code == status, column
        calling.refresh_from_db()
        assert calling.state == state, column


def test_nobody_of_the_supplier_speaks_as_the_telephone(hospital: Hospital) -> None:
    """Whoever may post calls can write the evidence the clocks are judged by."""
    with pytest.raises(Invalid, match="不能建立接口密钥"):
        create_key(
            actor=hospital.people["se"], name="话务", scopes=["operations.cti.post"],
            expires_at=NOW + dt.timedelta(days=1),
        )  # fmt: skip


@pytest.mark.parametrize("address", ["/operations/paging/answers/voice", "/operations/cti/events"])
def test_a_form_does_not_break_the_address_of_a_program(hospital: Hospital, address: str) -> None:
    """A body read as a form is gone when its bytes are asked for: anybody could fill the error log."""
    assert get(hospital, "", address).status_code == 405
    assert Requests(hospital).clients[""].post(address, {"a": "b"}).status_code in (401, 403)
    assert Requests(hospital).clients["ky"].post(address, {"a": "b"}).status_code == 403


def test_a_department_sees_its_own_words_of_a_survey(hospital: Hospital) -> None:
    given = Survey.objects.order_by("pk")[0]
    page = get(hospital, "hd", f"/operations/surveys/{given.pk}").content.decode()
    assert canary("own") in page
    assert canary("sibling") not in page
    assert canary("sibling") in get(hospital, "sc", f"/operations/surveys/{given.pk}").content.decode()


def test_without_permission_a_value_of_a_parameter_is_not_even_read(hospital: Hospital) -> None:
    """Who may not set parameters was told what was wrong with the day they had written."""
    for column, status in (("sg", 403), ("sy", 422)):
        client = Requests(hospital).clients[column]
        assert client.post("/settings/parameters/set", {"valid_from": "?"}).status_code == status, column
