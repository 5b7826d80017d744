"""裁定: both parties rule on a breach that itself never changes."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from hrp.operations.contracts.models import Side
from hrp.operations.desk import selectors
from hrp.operations.desk.models import Breach, Ruling, RulingSignature, Ticket, TicketEvent
from hrp.operations.desk.services import breaches, handling, rulings
from hrp.operations.desk.tests import world as desk
from hrp.operations.desk.tests.test_pages import door
from hrp.operations.desk.tests.world import World, later
from hrp.platform.access.services.machines import system_actor
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid
from hrp.platform.notify.models import Message

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return desk.make()


def missed(world: World, level: str = "1") -> Breach:
    """A call nobody answered in time."""
    ticket = world.call(level, answered_s=None)
    with clock.pinned(later(6 if level in "1A" else 130)):
        breaches.scan(actor=system_actor("desk"))
    return Breach.objects.get(ticket=ticket)


def standing(breach: Breach) -> tuple[str | None, str]:
    found = selectors.with_standing(Breach.objects.filter(pk=breach.pk)).get()
    return found.outcome, found.awaits  # type: ignore[attr-defined]


def excused() -> set[int]:
    return selectors.excused_breach_ids(later(-60), later(60))


def broken() -> list[str]:
    return [outcome.id for outcome in health.run("operations") if outcome.state != "ok"]


def rule(world: World, breach: Breach, outcome: str, minute: float) -> Ruling:
    """Proposed by the supplier, signed by the hospital a minute later."""
    with clock.pinned(later(minute)):
        ruling = rulings.propose(
            actor=world.engineer, breach=breach, outcome=outcome, reason="甲方电话占线", evidence="话单 17"
        )
    with clock.pinned(later(minute + 1)):
        return rulings.sign(actor=world.head, ruling=ruling)


def test_a_proposal_is_in_force_only_when_the_other_side_has_signed(world: World) -> None:
    breach = missed(world)
    assert standing(breach) == (None, "none")
    with clock.pinned(later(30)):
        ruling = rulings.propose(
            actor=world.engineer, breach=breach, outcome="excused", reason="甲方电话占线"
        )
    assert standing(breach) == (None, "hospital")
    assert excused() == set()
    assert (selectors.to_sign(world.head), selectors.to_sign(world.engineer)) == (1, 0)
    assert Message.objects.filter(kind="operations.ruling", recipient=world.head).count() == 1
    with clock.pinned(later(31)):
        rulings.sign(actor=world.head, ruling=ruling)
    assert standing(breach) == ("excused", "nobody")
    assert excused() == {breach.pk}
    assert selectors.excused_breach_ids(later(-60), later(60), as_of=later(30.5)) == set()
    assert broken() == []


def test_each_side_signs_once_and_the_proposer_has_signed(world: World) -> None:
    breach = missed(world)
    with clock.pinned(later(30)):
        ruling = rulings.propose(actor=world.engineer, breach=breach, outcome="excused", reason="占线")
        with pytest.raises(Conflict):
            rulings.sign(actor=world.engineer, ruling=ruling)
    assert RulingSignature.objects.get().side == Side.SUPPLIER
    with pytest.raises(DatabaseError, match="operations_ruling_side_once"), transaction.atomic():
        RulingSignature.objects.create(
            ruling=ruling, side="supplier", signer=world.engineer, signed_at=later(40),
            event=TicketEvent.objects.filter(type="CONTACT").get(),
        )  # fmt: skip


def test_the_database_takes_no_signature_of_the_other_party(world: World) -> None:
    breach = missed(world)
    with clock.pinned(later(30)):
        ruling = rulings.propose(actor=world.engineer, breach=breach, outcome="excused", reason="占线")
    contact = TicketEvent.objects.filter(type="CONTACT").get()
    with pytest.raises(DatabaseError, match="签署人不是甲方的人员"), transaction.atomic():
        RulingSignature.objects.create(
            ruling=ruling, side="hospital", signer=world.engineer, signed_at=later(40), event=contact
        )
    with pytest.raises(DatabaseError, match="早于"), transaction.atomic():
        RulingSignature.objects.create(
            ruling=ruling, side="hospital", signer=world.head, signed_at=later(20), event=contact
        )


def test_a_later_ruling_in_force_replaces_an_earlier_one(world: World) -> None:
    breach = missed(world)
    rule(world, breach, "excused", 30)
    assert excused() == {breach.pk}
    with clock.pinned(later(60)):
        again = rulings.propose(actor=world.head, breach=breach, outcome="upheld", reason="话单显示未占线")
    assert (standing(breach), excused()) == (("excused", "supplier"), {breach.pk})
    with clock.pinned(later(61)):
        rulings.sign(actor=world.engineer, ruling=again)
    assert (standing(breach), excused()) == (("upheld", "nobody"), set())
    row = Breach.objects.get(pk=breach.pk)
    assert (row.due, row.found_at, Ruling.objects.count()) == (breach.due, breach.found_at, 2)


def test_a_proposal_that_was_answered_by_another_can_no_longer_be_signed(world: World) -> None:
    breach = missed(world)
    with clock.pinned(later(30)):
        first = rulings.propose(actor=world.engineer, breach=breach, outcome="revoked", reason="误报")
    with clock.pinned(later(31)):
        rulings.propose(actor=world.head, breach=breach, outcome="upheld", reason="确有来电")
    with clock.pinned(later(32)), pytest.raises(Conflict) as refused:
        rulings.sign(actor=world.head, ruling=first)
    assert refused.value.code == "ruling_replaced"
    with pytest.raises(DatabaseError, match="又有新的提议"), transaction.atomic():
        RulingSignature.objects.create(
            ruling=first, side="hospital", signer=world.head, signed_at=later(33),
            event=TicketEvent.objects.filter(type="CONTACT").get(),
        )  # fmt: skip


@pytest.mark.parametrize(("outcome", "reason"), [("forgotten", "理由"), ("excused", "  ")])
def test_a_ruling_needs_its_outcome_and_a_reason(world: World, outcome: str, reason: str) -> None:
    breach = missed(world)
    with clock.pinned(later(30)), pytest.raises(Invalid):
        rulings.propose(actor=world.engineer, breach=breach, outcome=outcome, reason=reason)
    assert not Ruling.objects.exists()


def test_nobody_rules_without_the_right_or_for_neither_party(world: World) -> None:
    breach = missed(world)
    with clock.pinned(later(30)):
        with pytest.raises(Forbidden):
            rulings.propose(actor=world.nurse, breach=breach, outcome="upheld", reason="无")
        with pytest.raises(Forbidden):
            rulings.propose(actor=system_actor("desk"), breach=breach, outcome="upheld", reason="无")


@pytest.mark.parametrize("table", ["operations_ruling", "operations_ruling_signature", "operations_breach"])
def test_raw_sql_cannot_unsay_a_ruling(world: World, table: str) -> None:
    rule(world, missed(world), "excused", 30)
    for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET id = id", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_closed_ticket_can_still_be_ruled_on(world: World) -> None:
    breach = missed(world)
    with clock.pinned(later(10)):
        handling.respond(actor=world.engineer, ticket=breach.ticket)
    with clock.pinned(later(20)):
        handling.resolve(actor=world.engineer, ticket=breach.ticket, summary="重启")
    Ticket.objects.filter(pk=breach.ticket_id).update(state="closed")
    rule(world, breach, "upheld", 60)
    assert standing(breach) == ("upheld", "nobody")


def test_an_overstated_report_puts_its_breaches_before_both_parties(world: World) -> None:
    breach = missed(world, "A")
    with clock.pinned(later(20)):
        handling.reclassify(
            actor=world.head, ticket=breach.ticket, to="B", basis="overstated", reason="只影响一个病区"
        )
    ruling = Ruling.objects.get()
    assert (ruling.breach, ruling.outcome, ruling.side) == (breach, "excused", "system")
    assert standing(breach) == (None, "both")
    with clock.pinned(later(25)):
        rulings.sign(actor=world.head, ruling=ruling)
        assert excused() == set()
        rulings.sign(actor=world.engineer, ruling=ruling)
    assert excused() == {breach.pk}
    assert broken() == []


def test_a_reduced_impact_excuses_nothing(world: World) -> None:
    breach = missed(world, "A")
    with clock.pinned(later(20)):
        handling.reclassify(
            actor=world.head, ticket=breach.ticket, to="B", basis="impact_reduced", reason="已恢复大部"
        )
    assert not Ruling.objects.exists()


@pytest.mark.parametrize(("by", "proposed"), [("head", ["upheld"]), ("engineer", [])])
def test_a_call_the_hospital_says_was_misjudged_goes_to_ruling(
    world: World, by: str, proposed: list[str]
) -> None:
    ticket = world.call("B", answered_s=None)
    with clock.pinned(later(20)):
        handling.reclassify(
            actor=getattr(world, by),
            ticket=ticket,
            to="1",
            basis="supplier_misclassified",
            reason="首电已说全院停机",
        )
    assert [row.level for row in Breach.objects.filter(ticket=ticket)] == ["1"]
    assert list(Ruling.objects.values_list("outcome", flat=True)) == proposed


def test_a_ruling_that_was_changed_behind_the_chain_is_found(world: World) -> None:
    rule(world, missed(world), "excused", 30)
    event = TicketEvent.objects.get(type="RULING_SIGNED")
    assert event.payload["outcome"] == "excused"
    assert broken() == []
    Ruling.objects.create(
        breach=Breach.objects.get(), outcome="revoked", reason="无", side="supplier", proposed_by=world.engineer,
        proposed_at=later(50), event=event,
    )  # fmt: skip
    assert broken() == ["desk.rulings"]


def test_both_sides_rule_on_the_pages(world: World) -> None:
    breach = missed(world)
    page = reverse("operations.ticket.detail", args=[breach.ticket_id])
    supplier, hospital = door(world.engineer), door(world.head)
    with clock.pinned(later(30)):
        assert "提出裁定" in supplier.get(page).content.decode()
        answer = supplier.post(
            reverse("operations.ticket.act", args=[breach.ticket_id, "propose_ruling"]),
            {"breach": breach.pk, "outcome": "excused", "reason": "甲方电话占线"},
        )
        assert answer.status_code == 302
        assert "签署裁定" in hospital.get(page).content.decode()
        listed = hospital.get(reverse("operations.breach.list"), {"tab": "hospital"}).content.decode()
        assert breach.ticket.number in listed
    with clock.pinned(later(31)):
        answer = hospital.post(reverse("operations.breach.act", args=[breach.pk, "sign"]))
        assert answer.status_code == 302
        shown = hospital.get(reverse("operations.breach.detail", args=[breach.pk])).content.decode()
    assert "甲方电话占线" in shown
    assert standing(breach) == ("excused", "nobody")


def test_the_list_is_exported_and_narrowed_to_what_one_may_see(world: World) -> None:
    breach = missed(world)
    assert breach.ticket.number in door(world.head).get(reverse("operations.breach.list")).content.decode()
    assert (
        breach.ticket.number not in door(world.nurse).get(reverse("operations.breach.list")).content.decode()
    )
    sheet = door(world.head).get(reverse("operations.breach.export"))
    assert sheet.status_code == 200
    assert sheet["Content-Type"].startswith("application/vnd.openxmlformats")
