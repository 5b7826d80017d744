"""``DocumentContract``: the promises every document type keeps, as inherited tests.

A subclass gives ``model``, ``header()`` and ``lines()`` of one good document, and ``prepare()`` when posting needs
something in place first (stock for an issue). Everything else is tried here: each act by each role, twice, in a
closed period, by raw SQL, out of scope.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from hrp.platform.access.models import Role, RoleGrant, RolePermission, User
from hrp.platform.audit.models import ActionLog
from hrp.platform.base import clock, health, stamps
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from hrp.platform.documents import posting, registry, services, states
from hrp.platform.documents.models import ApprovalLevel, ApprovalRoute, Delegation, Document, State
from hrp.platform.documents.spec import ACTS
from hrp.platform.ledger import chart
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Book, Entry, Line, Period
from hrp.platform.org.models import Campus, Hospital, OrgUnit

DAY = dt.date(2026, 11, 10)
SINCE = dt.date(2020, 1, 1)


class World:
    """The smallest hospital documents live in: one campus, two departments, funds, accounts, one open month."""

    def __init__(self) -> None:
        self.hospital = Hospital.objects.create(code="H", name="测试医院")
        self.campus = Campus.objects.create(hospital=self.hospital, code="Z", name="总院")
        self.unit = OrgUnit.objects.create(campus=self.campus, code="U1", name="心内科", valid_from=SINCE)
        self.other = OrgUnit.objects.create(campus=self.campus, code="U2", name="骨科", valid_from=SINCE)
        chart.install()
        self.book = Book.objects.create(hospital=self.hospital, name="测试账套")
        self.owner = self.user("owner", "主办")
        self.period: Period = ledger.open_period(
            book=self.book, year=DAY.year, month=DAY.month, actor=self.owner
        )

    def user(self, username: str, name: str, *permissions: str, unit: OrgUnit | None = None) -> User:
        user = User.objects.create(username=username, display_name=name, unit=unit)
        if permissions:
            self.grant(user, *permissions, unit=unit)
        return user

    def grant(self, user: User, *permissions: str, unit: OrgUnit | None = None) -> Role:
        role = Role.objects.create(code=f"role-{user.username}-{Role.objects.count()}", title=f"{user}的角色")
        for code in permissions:
            RolePermission.objects.create(role=role, code=code)
        RoleGrant.objects.create(user=user, role=role, org_unit=unit, include_children=True, valid_from=SINCE)
        stamps.forget()  # as the verb that grants does: the user may have been asked about a moment ago
        return role


class DocumentContract:
    """Subclass per document type; pytest collects the subclass (its name starts with ``Test``)."""

    model: ClassVar[type[Document]]
    max_post_queries: ClassVar[int] = 24

    @pytest.fixture(autouse=True)
    def _world(self, db: None) -> None:
        self.world = World()
        spec = self.model.spec
        self.maker = self.world.user("maker", "制单员", *(spec.permission(a) for a in ACTS))
        self.prepare()

    # -- what a subclass gives ---------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Put in place what posting needs."""

    def header(self) -> dict[str, Any]:
        raise AssertionError("give a good header")

    def lines(self) -> list[dict[str, Any]]:
        return []

    def common_header(self) -> dict[str, Any]:
        return {"campus": self.world.campus.pk, "org_unit": self.world.unit.pk, "business_date": DAY}

    # -- steps -------------------------------------------------------------------------------------------------

    def draft(self, **changes: Any) -> Document:
        return services.save_draft(
            self.model, actor=self.maker, header={**self.header(), **changes}, lines=self.lines()
        )

    def approved(self) -> Document:
        return services.submit(self.draft(), actor=self.maker)

    def posted(self) -> Document:
        return posting.post(self.approved(), actor=self.maker)

    def route(self, *approvers: User) -> None:
        route = ApprovalRoute.objects.create(kind=self.model.spec.kind, title="测试流程")
        for place, user in enumerate(approvers, start=1):
            role = self.world.grant(user, *(self.model.spec.permission(a) for a in ("view", "approve")))
            ApprovalLevel.objects.create(route=route, position=place, title=f"第{place}级", role=role)

    # -- drafting ----------------------------------------------------------------------------------------------

    def test_is_registered_with_its_permissions(self) -> None:
        assert registry.types[self.model.spec.kind].model is self.model
        assert registry.url_for(f"{self.model.spec.kind}:7").endswith("/7")

    def test_a_draft_has_no_number_and_can_be_changed(self) -> None:
        document = self.draft()
        assert document.number is None
        again = services.save_draft(
            self.model, actor=self.maker, header={**self.header(), "note": "改"}, lines=self.lines(),
            pk=document.pk, expected_version=document.version,
        )  # fmt: skip
        assert (again.note, again.version) == ("改", document.version + 1)

    def test_two_people_at_one_draft_meet_a_conflict(self) -> None:
        document = self.draft()
        with pytest.raises(Conflict) as refused:
            services.save_draft(
                self.model, actor=self.maker, header=self.header(), lines=self.lines(), pk=document.pk,
                expected_version=document.version + 1,
            )  # fmt: skip
        assert refused.value.code == "version_conflict"

    def test_a_bad_date_is_named_by_field(self) -> None:
        with pytest.raises(Invalid) as refused:
            self.draft(business_date="2026-02-30")
        assert "business_date" in {p.field for p in refused.value.problems}

    def test_a_document_without_lines_is_refused(self) -> None:
        if not self.model.spec.lines_required:
            return
        with pytest.raises(Invalid):
            services.save_draft(self.model, actor=self.maker, header=self.header(), lines=[])

    def test_saving_outside_ones_scope_is_refused(self) -> None:
        narrow = self.world.user("narrow", "他科", self.model.spec.permission("edit"), unit=self.world.other)
        with pytest.raises(Forbidden):
            services.save_draft(self.model, actor=narrow, header=self.header(), lines=self.lines())

    # -- each act by somebody without the right ----------------------------------------------------------------

    @pytest.mark.parametrize("act", ["submit", "post", "reverse", "void"])
    def test_without_the_permission_nothing_happens(self, act: str) -> None:
        stranger = self.world.user("stranger", "无权者", self.model.spec.permission("view"))
        document = {"submit": self.draft, "void": self.draft, "post": self.approved, "reverse": self.posted}[
            act
        ]()
        verbs = {
            "submit": lambda: services.submit(document, actor=stranger),
            "void": lambda: services.void(document, actor=stranger, reason="试"),
            "post": lambda: posting.post(document, actor=stranger),
            "reverse": lambda: posting.reverse(document, actor=stranger, reason="试", on=DAY),
        }
        with pytest.raises(Forbidden):
            verbs[act]()
        assert states.acts(document, stranger) == []
        document.refresh_from_db()
        assert document.version == self.model._default_manager.get(pk=document.pk).version

    def test_out_of_scope_it_does_not_exist(self) -> None:
        document = self.approved()
        narrow = self.world.user("narrow", "他科", self.model.spec.permission("post"), unit=self.world.other)
        if document.org_unit_id == self.world.other.pk:
            return
        with pytest.raises(NotFound):
            posting.post(document, actor=narrow)

    # -- approval ----------------------------------------------------------------------------------------------

    def test_two_levels_delegate_and_return(self) -> None:
        first, second, deputy = (self.world.user(n, n) for n in ("first", "second", "deputy"))
        self.route(first, second)
        self.world.grant(deputy, self.model.spec.permission("approve"))
        Delegation.objects.create(
            principal=second, deputy=deputy, valid_from=clock.today(), valid_to=clock.today(), reason="出差"
        )
        document = services.submit(self.draft(), actor=self.maker)
        assert document.state == State.SUBMITTED
        with pytest.raises(Forbidden):
            services.approve(document, actor=self.maker)
        with pytest.raises(Forbidden):
            services.approve(document, actor=second)
        document = services.send_back(document, actor=first, reason="数量不符")
        assert document.state == State.RETURNED
        document = services.submit(document, actor=self.maker)
        document = services.approve(document, actor=first, opinion="同意")
        assert document.state == State.SUBMITTED
        document = services.approve(document, actor=deputy)
        assert document.state == State.APPROVED

    def test_returning_needs_a_reason(self) -> None:
        first = self.world.user("first", "审核人")
        self.route(first)
        document = services.submit(self.draft(), actor=self.maker)
        with pytest.raises(Invalid):
            services.send_back(document, actor=first, reason="  ")

    def test_the_maker_takes_back_what_nobody_has_decided(self) -> None:
        document = self.approved()
        assert "withdraw" in {act.code for act in states.acts(document, self.maker)}
        document = services.withdraw(document, actor=self.maker)
        assert document.state == State.DRAFT
        first, second = (self.world.user(name, name) for name in ("first", "second"))
        self.route(first, second)
        document = services.withdraw(services.submit(document, actor=self.maker), actor=self.maker)
        document = services.approve(services.submit(document, actor=self.maker), actor=first)
        assert document.state == State.SUBMITTED
        for approver in (None, second):
            document = services.approve(document, actor=approver) if approver else document
            assert "withdraw" not in {act.code for act in states.acts(document, self.maker)}
            with pytest.raises(Conflict):
                services.withdraw(document, actor=self.maker)

    def test_nobody_else_takes_a_submission_back(self) -> None:
        other = self.world.user("other", "同事", *(self.model.spec.permission(a) for a in ACTS))
        document = self.approved()
        assert "withdraw" not in {act.code for act in states.acts(document, other)}
        with pytest.raises(Conflict):
            services.withdraw(document, actor=other)

    def test_maker_cannot_approve_even_by_raw_sql(self) -> None:
        self.route(self.world.user("first", "审核人"))
        services.submit(self.draft(), actor=self.maker)
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE documents_approval_task SET decided_by_id = maker_id, state = 'approved'")

    # -- posting -----------------------------------------------------------------------------------------------

    def test_posting_numbers_books_and_logs(self) -> None:
        document = self.posted()
        assert document.number and document.number.startswith(self.model.spec.prefix)
        for entry in Entry.objects.filter(source=document.source):
            assert sum((line.amount for line in entry.lines.all()), Decimal(0)) == 0
        assert (
            ActionLog.objects.filter(target=document.source, act=f"{self.model.spec.kind}.post").count() == 1
        )

    def test_posting_twice_is_refused_and_the_same_call_again_is_not(self) -> None:
        document = self.approved()
        version = document.version
        posting.post(document, actor=self.maker, expected_version=version)
        again = posting.post(document, actor=self.maker, expected_version=version)
        assert again.state == State.POSTED
        with pytest.raises(Conflict) as refused:
            posting.post(document, actor=self.maker)
        assert refused.value.code == "already_posted"
        assert Entry.objects.filter(source=document.source, kind="post", part=2).count() == 0

    def test_a_draft_cannot_be_posted(self) -> None:
        with pytest.raises(Conflict):
            posting.post(self.draft(), actor=self.maker)

    def test_numbers_have_no_gap_after_a_refused_posting(self) -> None:
        first = self.posted()
        broken = self.approved()
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            posting.post(broken, actor=self.maker)
            raise ZeroDivisionError
        again = posting.post(broken, actor=self.maker)
        assert int(str(again.number)[-5:]) == int(str(first.number)[-5:]) + 1

    def test_a_closed_period_refuses_and_leaves_nothing(self) -> None:
        document = self.approved()
        Period.objects.filter(pk=self.world.period.pk).update(state=Period.State.CLOSED)
        with pytest.raises(Conflict) as refused:
            posting.post(document, actor=self.maker)
        assert refused.value.code == "period_closed"
        assert not Entry.objects.filter(source=document.source).exists()
        document.refresh_from_db()
        assert (document.state, document.number) == (State.APPROVED, None)

    def test_a_month_without_period_refuses(self) -> None:
        document = self.approved()
        self.model._default_manager.filter(pk=document.pk).update(business_date=dt.date(2031, 1, 5))
        with pytest.raises(Refusal):
            posting.post(document, actor=self.maker)

    def test_posting_costs_a_bounded_number_of_queries(self) -> None:
        self.posted()
        document = self.approved()
        with CaptureQueriesContext(connection) as queries:
            posting.post(document, actor=self.maker)
        assert len(queries) <= self.max_post_queries, "\n".join(str(q["sql"])[:150] for q in queries)

    # -- immutability ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "change", ["UPDATE {t} SET note = 'x'", "UPDATE {t} SET total = 1", "UPDATE {t} SET state = 'draft'", "DELETE FROM {t}"]
    )  # fmt: skip
    def test_raw_sql_cannot_change_a_posted_header(self, change: str) -> None:
        self.posted()
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change.format(t=f'"{self.model._meta.db_table}"'))

    def test_raw_sql_cannot_change_posted_lines(self) -> None:
        document = self.posted()
        line_model = registry.type_of(document).line_model
        if line_model is None:
            return
        table = line_model._meta.db_table
        for change in (f'DELETE FROM "{table}"', f'UPDATE "{table}" SET position = position + 100'):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)

    def test_raw_sql_cannot_change_the_journal(self) -> None:
        document = self.posted()
        if not Entry.objects.filter(source=document.source).exists():
            return
        for change in (
            "UPDATE ledger_line SET amount = 0",
            "DELETE FROM ledger_entry",
            "TRUNCATE ledger_line",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(change)

    def test_a_posted_document_cannot_be_edited_or_voided(self) -> None:
        document = self.posted()
        with pytest.raises(Conflict):
            services.save_draft(
                self.model, actor=self.maker, header=self.header(), lines=self.lines(), pk=document.pk
            )
        with pytest.raises(Conflict):
            services.void(document, actor=self.maker, reason="试")

    # -- reversal ----------------------------------------------------------------------------------------------

    def test_reversal_sums_to_zero_and_happens_once(self) -> None:
        document = self.posted()
        reversed_ = posting.reverse(document, actor=self.maker, reason="录入错误", on=DAY)
        assert reversed_.state == State.REVERSED
        totals: dict[tuple[int, int | None], Decimal] = {}
        for line in Line.objects.filter(entry__source=document.source):
            key = (line.account_id, line.org_unit_id)
            totals[key] = totals.get(key, Decimal(0)) + line.amount
        assert all(v == 0 for v in totals.values())
        with pytest.raises(Conflict):
            posting.reverse(document, actor=self.maker, reason="再来", on=DAY)

    def test_reversal_needs_a_reason_and_no_earlier_day(self) -> None:
        document = self.posted()
        with pytest.raises(Invalid):
            posting.reverse(document, actor=self.maker, reason="")
        with pytest.raises(Invalid):
            posting.reverse(document, actor=self.maker, reason="早", on=DAY - dt.timedelta(days=1))

    def test_every_invariant_holds_after_post_and_reverse(self) -> None:
        first = self.posted()
        posting.reverse(first, actor=self.maker, reason="录入错误", on=DAY)
        broken = [(o.id, o.rows, o.detail) for o in health.run() if o.state != "ok"]
        assert broken == []

    def test_printing_counts(self) -> None:
        document = self.posted()
        assert [services.count_print(document, actor=self.maker) for _ in range(2)] == [1, 2]
