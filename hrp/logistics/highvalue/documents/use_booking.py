"""高值使用单: what was used becomes ours and is consumed at once, one line a piece (case ACC-02).

A supplier's piece makes a receipt and an issue of the agreed price: own stock stays as it was, and only now something is
owed (2302.03 应付账款-寄售使用). The hospital's own piece leaves its store at what it cost. Expense to the department.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models

from hrp.logistics import subledger
from hrp.logistics.highvalue import rules
from hrp.logistics.highvalue.models import PatientUse, TraceUnit
from hrp.logistics.highvalue.pieces import events
from hrp.logistics.models import Store
from hrp.logistics.rules.valuation import line_amount
from hrp.logistics.subledger.shortages import shortage
from hrp.platform.base import sql
from hrp.platform.base.fields import MoneyField
from hrp.platform.base.refusals import Conflict, Invalid, Problem
from hrp.platform.documents.models import Document, DocumentLine
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft, LineDraft
from hrp.platform.ledger.models import Fund
from hrp.platform.org import selectors as org
from hrp.platform.org.models import UnitCategory

CONSIGN_PAYABLE = "2302.03"
ONE = Decimal(1)

AMOUNTS_SQL = """
UPDATE logistics_use_booking_line l SET amount = a.amount
FROM unnest(%s::int[], %s::numeric[]) AS a(position, amount) WHERE l.document_id = %s AND l.position = a.position
"""


@dataclass
class BookingFacts:
    """Amounts by (inventory account, supplier) received, and by (expense account, inventory account) consumed."""

    fund: str
    received: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    consumed: dict[tuple[str, str], Decimal] = field(default_factory=lambda: defaultdict(Decimal))


class UseBooking(Document):
    """Header: ``org_unit`` used the pieces and bears the cost; ``store`` is where suppliers' pieces pass through."""

    spec = DocumentSpec(
        kind="logistics.use_booking",
        title="高值使用单",
        prefix="GZ",
        header_fields=("store", "fund"),
        line_fields=("use",),
    )

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="入出库房")
    fund = models.ForeignKey(Fund, models.PROTECT, related_name="+", verbose_name="资金来源")

    class Meta(Document.Meta):
        abstract = False
        verbose_name = "高值使用单"
        db_table = "logistics_use_booking"

    def validate(self, lines: Sequence[Any]) -> None:
        uses = _uses(line.use_id for line in lines)
        problems, seen = [], set()
        for place, line in enumerate(lines):
            use = uses[line.use_id]
            words = refusal_of(use)
            if words:
                problems.append(Problem(f"{use.unit.uid} {words}", field="use", line=place))
            elif use.org_unit_id != self.org_unit_id:
                problems.append(Problem(f"{use.unit.uid} 由{use.org_unit}使用", field="use", line=place))
            elif use.pk in seen:
                problems.append(Problem(f"{use.unit.uid} 写了两次", field="use", line=place))
            seen.add(use.pk)
        if self.store.kind in (Store.Kind.TRANSIT, Store.Kind.CONSIGNMENT, Store.Kind.QUARANTINE):
            problems.append(Problem(f"{self.store.get_kind_display()}不能入出库", field="store"))
        if problems:
            raise Invalid(
                f"高值使用单有 {len(problems)} 处需要修改", problems=problems, way_out="请按标红处修改。"
            )

    def apply(self, ctx: PostingContext) -> BookingFacts:
        lines = list(self.lines.order_by("position"))
        uses = _uses(line.use_id for line in lines)
        held = self._hold(uses.values())
        events.lock([use.unit_id for use in uses.values()])
        uses = _uses(uses)
        wrong = [(line, words) for line in lines if (words := refusal_of(uses[line.use_id]))]
        if wrong:
            raise Conflict(
                "有使用不能入账", code="unit_state", way_out="请删除这些行后再过账。",
                problems=[Problem(f"{uses[x.use_id].unit.uid} {words}", field="use", line=x.position - 1) for x, words in wrong],
            )  # fmt: skip
        consigned = [x for x in lines if uses[x.use_id].unit.owner == TraceUnit.Owner.SUPPLIER]
        own = [x for x in lines if uses[x.use_id].unit.owner == TraceUnit.Owner.HOSPITAL]
        amounts = {x.position: line_amount(ONE, uses[x.use_id].unit.price or Decimal(0)) for x in consigned}
        self._pass_through(consigned, uses, amounts, ctx)
        amounts |= self._take_own(own, uses, ctx, held)
        steps = [events.Step(uses[x.use_id].unit_id, rules.State.BOOKED, None, x.position) for x in lines]
        events.record("book", steps, source=ctx.source, actor=ctx.actor)
        self.total = sum(amounts.values(), Decimal(0))
        sql.run(AMOUNTS_SQL, [list(amounts), list(amounts.values()), self.pk])
        return self._facts(lines, uses, amounts, ctx)

    def _hold(self, uses: Iterable[PatientUse]) -> frozenset[int]:
        """All stock that will be touched, before its pieces: whoever moves goods locks them in this order too."""
        wanted: dict[int, list[int]] = defaultdict(list)
        for unit in (use.unit for use in uses):
            own = unit.owner == TraceUnit.Owner.HOSPITAL
            wanted[(own and unit.store_id) or self.store_id].append(unit.item_id)
        return subledger.hold(wanted)

    def _pass_through(
        self,
        lines: Sequence[Any],
        uses: dict[int, PatientUse],
        amounts: dict[int, Decimal],
        ctx: PostingContext,
    ) -> None:
        """Suppliers' pieces: in and out again of one store, at the same amount."""
        if not lines:
            return
        came = [
            subledger.Move(x.position, use.unit.item_id, use.unit.batch_id, ONE, amounts[x.position])
            for x in lines
            if (use := uses[x.use_id])
        ]
        went = [subledger.Move(m.position, m.item_id, m.batch_id, -m.quantity, -m.amount) for m in came]
        subledger.write(came, store_id=self.store_id, kind="use_receipt", ctx=ctx)
        subledger.write(went, store_id=self.store_id, kind="use_issue", ctx=ctx)

    def _take_own(
        self, lines: Sequence[Any], uses: dict[int, PatientUse], ctx: PostingContext, held: Set[int]
    ) -> dict[int, Decimal]:
        """The hospital's own pieces out of the stores they lie in, whatever has become of their batch since."""
        by_store: dict[int, list[subledger.Want]] = defaultdict(list)
        for x in lines:
            unit = uses[x.use_id].unit
            by_store[unit.store_id or self.store_id].append(
                subledger.Want(x.position, unit.item_id, ONE, batch_id=unit.batch_id)
            )
        amounts: dict[int, Decimal] = {}
        for store, wants in sorted(by_store.items()):
            taken = subledger.take(wants, store_id=store, on=ctx.on, source=ctx.source, as_is=True, held=held)
            if taken.short:
                raise shortage(taken.short, store=str(Store.objects.get(pk=store)), verb="出库")
            subledger.write(taken.moves, store_id=store, kind="use_issue", ctx=ctx, methods=taken.methods)
            amounts |= taken.amounts
        return amounts

    def _facts(
        self,
        lines: Sequence[Any],
        uses: dict[int, PatientUse],
        amounts: dict[int, Decimal],
        ctx: PostingContext,
    ) -> BookingFacts:
        place = org.category_map(ctx.on).get(self.org_unit_id)
        administrative = place is not None and place.category == UnitCategory.ADMIN
        facts = BookingFacts(self.fund.code)
        for x in lines:
            unit = uses[x.use_id].unit
            kind = unit.item.material_class
            expense = kind.admin_expense_account if administrative else kind.expense_account
            inventory = kind.inventory_account.code
            if unit.owner == TraceUnit.Owner.SUPPLIER:
                facts.received[inventory, unit.batch.supplier.name] += amounts[x.position]
            facts.consumed[expense.code, inventory] += amounts[x.position]
        return facts

    def entries(self, facts: BookingFacts) -> list[EntryDraft]:
        """One entry: what suppliers' pieces brought in, and what all pieces cost the department."""
        fund = facts.fund
        lines = []
        for (inventory, supplier), amount in sorted(facts.received.items()):
            lines.append(LineDraft(account=inventory, amount=amount, fund=fund))
            lines.append(LineDraft(account=CONSIGN_PAYABLE, amount=-amount, fund=fund, memo=supplier))
        for (expense, inventory), amount in sorted(facts.consumed.items()):
            lines.append(LineDraft(account=expense, amount=amount, org_unit_id=self.org_unit_id, fund=fund))
            lines.append(LineDraft(account=inventory, amount=-amount, fund=fund))
        booked = [line for line in lines if line.amount]
        return [EntryDraft(self.business_date, "高值使用", booked)] if booked else []

    def mirror(self, ctx: PostingContext) -> None:
        subledger.lock_moved(ctx.source)
        events.undo(source=ctx.source, actor=ctx.actor)
        subledger.mirror(kind="use_reversal", ctx=ctx)


def refusal_of(use: PatientUse) -> str:
    """Why a use cannot be booked, or ""."""
    if hasattr(use, "cancel"):
        return "的使用已撤销"
    case = getattr(use, "emergency_case", None)
    if case is not None and case.decision != "approved":
        return "是紧急使用，尚未补批" if not case.decision else "是紧急使用，补批未同意"
    if use.unit.state != rules.State.USED:
        return f"现为“{use.unit.get_state_display()}”"
    if use.unit.owner == TraceUnit.Owner.SUPPLIER and use.unit.price is None:
        return "没有协议价"
    return ""


def _uses(ids: Any) -> dict[int, PatientUse]:
    return PatientUse.objects.select_related(
        "unit__item__material_class__inventory_account", "unit__item__material_class__expense_account",
        "unit__item__material_class__admin_expense_account", "unit__batch__supplier", "org_unit", "cancel", "emergency_case",
    ).in_bulk(set(ids))  # fmt: skip


class UseBookingLine(DocumentLine):
    """One piece used."""

    document = models.ForeignKey(UseBooking, models.CASCADE, related_name="lines", verbose_name="高值使用单")
    use = models.ForeignKey(PatientUse, models.PROTECT, related_name="bookings", verbose_name="使用登记")
    amount = MoneyField("金额", null=True, blank=True)

    class Meta(DocumentLine.Meta):
        abstract = False
        verbose_name = "高值使用明细"
        db_table = "logistics_use_booking_line"
        constraints = [
            models.UniqueConstraint(
                fields=["document", "position"], name="logistics_use_booking_line_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position} {self.use}"
