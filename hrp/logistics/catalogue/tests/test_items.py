"""The life of an item, its codes and classes, and finding it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hrp.logistics.catalogue.models import ClassNode, ItemClass, ItemDecision, Stage
from hrp.logistics.catalogue.screens.items import save_item
from hrp.logistics.catalogue.selectors import find_items
from hrp.logistics.catalogue.services import classes, codes, identifiers, life
from hrp.logistics.catalogue.tests.world import CASE, DAY, Market
from hrp.logistics.models import Item
from hrp.platform.base import clock, health
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def market() -> Market:
    return Market()


def new(market: Market, **more: Any) -> Item:
    values = {
        "code": "X1",
        "name": "导管",
        "unit": "根",
        "kind": "consumable",
        "material_class": market.room.gauze.material_class.pk,
    }
    return save_item(actor=market.clerk, pk=None, values=values | more)


def test_an_item_is_admitted_step_by_step_by_more_than_one_person(market: Market) -> None:
    item = new(market)
    assert item.status == "draft"
    with pytest.raises(Conflict):
        life.step(actor=market.clerk, item=item, act="qualify")
    life.step(actor=market.clerk, item=item, act="submit")
    life.step(actor=market.clerk, item=item, act="qualify", reason="证照齐全")
    with pytest.raises(Forbidden):
        life.step(actor=market.clerk, item=item, act="admit", meeting="第3次")
    with pytest.raises(Invalid):
        life.step(actor=market.head, item=item, act="admit")
    life.step(actor=market.head, item=item, act="admit", meeting="2026年第3次")
    item.refresh_from_db()
    assert (item.status, [d.after for d in ItemDecision.objects.filter(item=item)]) == (
        "active", ["active", "committee", "qualification", "draft"],
    )  # fmt: skip


def test_who_asks_does_not_record_the_committees_consent(market: Market) -> None:
    item = new(market)
    market.grant(market.clerk, "logistics.item.approve")
    for act in ("submit", "qualify"):
        life.step(actor=market.clerk, item=item, act=act)
    with pytest.raises(Conflict) as refused:
        life.step(actor=market.clerk, item=item, act="admit", meeting="第3次")
    assert refused.value.code == "same_person"


def test_freezing_thawing_and_retiring_say_why(market: Market) -> None:
    for act, status in (("freeze", "frozen"), ("thaw", "active"), ("retire", "retired"), ("revive", "draft")):
        with pytest.raises(Invalid):
            life.step(actor=market.clerk, item=market.stent, act=act)
        life.step(actor=market.clerk, item=market.stent, act=act, reason="不良事件")
        market.stent.refresh_from_db()
        assert market.stent.status == status
    assert [o.id for o in health.run("logistics") if o.state != "ok"] == []


ACTS = st.lists(st.sampled_from(sorted(life.STEPS)), max_size=12)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_whatever_is_tried_status_and_history_agree(market: Market, acts: list[str]) -> None:
    with transaction.atomic():
        for act in acts:
            try:
                actor = market.head if act == "admit" else market.clerk
                life.step(actor=actor, item=market.stent, act=act, reason="试", meeting="试")
            except Conflict:
                continue
        market.stent.refresh_from_db()
        last = ItemDecision.objects.filter(item=market.stent).first()
        assert last is None or life.STATUS[Stage(last.after)] == market.stent.status
        transaction.set_rollback(True)
    market.stent.refresh_from_db()


def test_office_goods_need_no_committee(market: Market) -> None:
    assert new(market, kind="office").status == "active"


# -- codes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"), [("insurance_code", "C123"), ("registration_number", "国械注2019")]
)
def test_a_code_of_a_wrong_form_is_refused_and_what_is_stored_may_stay(
    market: Market, field: str, value: str
) -> None:
    with pytest.raises(Invalid) as refused:
        new(market, **{field: value})
    assert [p.field for p in refused.value.problems] == [field]
    Item.objects.filter(pk=market.stent.pk).update(**{field: value})
    assert (
        save_item(actor=market.clerk, pk=market.stent.pk, values={field: value, "brand": "晨"}).brand == "晨"
    )


def test_codes_that_do_not_fit_together_are_doubted(market: Market) -> None:
    assert codes.doubts(market.stent) != [], "13 is not 46"
    Item.objects.filter(pk=market.stent.pk).update(category_2017="13", category_2002="")
    market.stent.refresh_from_db()
    assert codes.doubts(market.stent) == []
    market.stent.device_class = "2"
    assert "第 3 类" in codes.doubts(market.stent)[0]


# -- classes -------------------------------------------------------------------------------------------------------


def test_the_shipped_lists_come_in_once(market: Market) -> None:
    assert classes.install(actor=market.clerk) == 43 + 22
    assert classes.install(actor=market.clerk) == 0
    assert ClassNode.objects.get(scheme="device_2002", code="6877").name == "介入器材"


def test_a_class_holds_from_its_day_and_earlier_days_keep_theirs(market: Market) -> None:
    classes.install(actor=market.clerk)
    old, later = (ClassNode.objects.get(scheme="device_2002", code=code) for code in ("6846", "6877"))
    classes.classify(actor=market.clerk, item=market.stent, node=old, on=DAY)
    day = DAY + dt.timedelta(days=5)
    classes.classify(actor=market.clerk, item=market.stent, node=later, on=day)
    found = [
        classes.class_of(market.stent, "device_2002", on) for on in (DAY - dt.timedelta(days=1), DAY, day)
    ]
    assert found == [None, old, later]
    with pytest.raises(Invalid):
        classes.classify(actor=market.clerk, item=market.stent, node=old, on=DAY)


def test_a_class_cannot_be_filed_under_another_scheme_even_by_raw_sql(market: Market) -> None:
    classes.install(actor=market.clerk)
    node = ClassNode.objects.get(scheme="device_2017", code="13")
    with pytest.raises(IntegrityError), transaction.atomic():
        ItemClass.objects.create(item=market.stent, scheme="budget", node=node, valid_from=DAY)


def test_the_items_own_code_is_followed(market: Market) -> None:
    classes.install(actor=market.clerk)
    item = new(market, category_2002="6866", category_2017="14")
    assert {
        classes.class_of(item, scheme, clock.today()) for scheme in ("device_2002", "device_2017")
    } == set(ClassNode.objects.filter(code__in=("6866", "14")))


# -- finding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["支架", "洗脱", "ywxt", "xtzj", "gz01", "20193130001", "国械注准2019313", "晨星", "药物 3.0", "支架3.0×24", CASE, CASE[-6:]]
)  # fmt: skip
def test_any_part_of_what_is_known_of_an_item_finds_it(market: Market, text: str) -> None:
    Item.objects.filter(pk=market.stent.pk).update(pinyin="ywxtzj", spec="3.0×24mm")
    identifiers.bind(
        actor=market.clerk, item=market.stent, di=CASE, level="case", quantity=Decimal(20), agency="GS1"
    )
    assert list(find_items(Item.objects.all(), text)) == [market.stent]


@pytest.mark.parametrize("text", ["没有", "支架 没有", "' & !", "\\", "a:*", "gz01|hc01", "!支架"])
def test_what_is_typed_is_never_a_query_language(market: Market, text: str) -> None:
    assert list(find_items(Item.objects.all(), text)) == []


def test_the_search_follows_every_change(market: Market) -> None:
    row = identifiers.bind(
        actor=market.clerk, item=market.stent, di=CASE, level="case", quantity=Decimal(20), agency="GS1"
    )
    Item.objects.filter(pk=market.stent.pk).update(name="改名")
    row.delete()
    assert [len(find_items(Item.objects.all(), text)) for text in ("改名", "支架", CASE)] == [1, 0, 0]
    double = market.item("GZ02", "旧编码支架")
    identifiers.merge(actor=market.clerk, item=double, into=market.stent, reason="重复")
    assert list(find_items(Item.objects.filter(status="active"), "GZ02")) == [market.stent]


def test_the_code_itself_comes_first(market: Market) -> None:
    market.item("A-GZ01", "别的")
    assert [item.code for item in find_items(Item.objects.all(), "gz01")] == ["GZ01", "A-GZ01"]


def test_lists_and_look_ups_find_in_this_way(market: Market, client: Client) -> None:
    client.force_login(market.clerk)
    assert client.get("/lookup/logistics.item", {"q": "3130001"}).json()["items"][0]["code"] == "GZ01"
    assert "GZ01" in client.get("/logistics/items/", {"q": "3130001"}).content.decode()


def test_facts_of_the_catalogue_stay(market: Market) -> None:
    life.step(actor=market.clerk, item=market.stent, act="freeze", reason="试")
    with pytest.raises(DatabaseError), transaction.atomic():
        ItemDecision.objects.update(reason="改")
