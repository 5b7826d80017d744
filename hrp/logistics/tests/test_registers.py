"""Registers of the module as their sheets fill them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from hrp.logistics.models import Item, StockBalance
from hrp.logistics.screens.registers import ITEMS
from hrp.logistics.tests.test_documents import Stockroom
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents.testing import World
from hrp.platform.exchange.sheets import read
from hrp.platform.ui import services, sheets

pytestmark = pytest.mark.django_db
HEAD = "物资编码,物资名称,单位,类别,财务分类,生产企业,可单独收费,管理批号\n"


@pytest.fixture
def room() -> Stockroom:
    return Stockroom(World())


def put_in(room: Stockroom, rows: str, screen: Any = ITEMS) -> None:
    clerk = room.world.user("clerk", "物资会计", "logistics.item.edit", "logistics.item.view")
    found = read((HEAD + rows).encode(), sheets.spec_of(ITEMS, clerk), name="物资.csv")
    assert found.ok, found.problems
    sheets.apply(screen, clerk)(found)


def test_an_empty_cell_empties_what_can_be_empty_and_leaves_the_rest(room: Stockroom) -> None:
    Item.objects.filter(pk=room.gauze.pk).update(manufacturer="甲厂", chargeable=True, spec="大号")
    put_in(room, "HC02,纱布块,包,医用耗材-低值,05,,,\nHC03,面罩,个,医用耗材-低值,05,乙厂,是,\n")
    gauze, mask = Item.objects.get(code="HC02"), Item.objects.get(code="HC03")
    assert (gauze.name, gauze.manufacturer, gauze.chargeable, gauze.lot_required) == (
        "纱布块",
        "",
        True,
        False,
    )
    assert gauze.spec == "大号", "a column the sheet does not have is not touched"
    assert (mask.manufacturer, mask.chargeable, mask.lot_required) == ("乙厂", True, True)


def test_empty_cells_are_alike_where_a_screen_saves_in_its_own_way(room: Stockroom) -> None:
    own = replace(ITEMS, save=lambda **given: services.save_row(ITEMS, **given))
    put_in(room, "HC09,面罩,个,医用耗材-低值,05,,,\n", own)
    mask = Item.objects.get(code="HC09")
    assert (mask.manufacturer, mask.chargeable, mask.lot_required) == ("", False, True)


def test_what_only_saving_finds_is_told_with_its_row(room: Stockroom) -> None:
    def picky(*, actor: Any, pk: int | None, values: dict[str, Any]) -> None:
        if values["code"] == "HC08":
            raise Invalid("不行", problems=[Problem("编码已停止使用", field="code")])

    good, bad = (f"HC0{n},面罩,个,医用耗材-低值,05,,,\n" for n in (7, 8))
    with pytest.raises(Invalid) as refused:
        put_in(room, good + bad, replace(ITEMS, save=picky))
    assert "第 3 行" in refused.value.reason
    assert [(p.message, p.line) for p in refused.value.problems] == [("物资编码：编码已停止使用", 2)]


@pytest.mark.parametrize("quantity", [Decimal(-3), Decimal("-0.5")])
def test_a_quantity_is_judged_before_it_reaches_the_database(
    quantity: Decimal, room: Stockroom, caplog: pytest.LogCaptureFixture
) -> None:
    """Whole numbers too: compared with NaN as integers the check would fail itself and be passed over with a log line."""
    held = StockBalance(quantity=quantity, amount=0)
    with pytest.raises(ValidationError) as refused:
        held.validate_constraints(exclude={"store", "item", "batch"})
    assert "logistics_balance_quantity" in str(refused.value)
    assert "database error" not in caplog.text
