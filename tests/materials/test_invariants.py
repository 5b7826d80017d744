"""Each promise about materials is registered, runs before a month closes, and finds what it is there to find.

What the product refuses is done here as the owner of the tables, with their triggers off and their checks dropped.
"""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from hrp.logistics.settlement.services import closing
from hrp.platform.base import health
from hrp.platform.base.refusals import Conflict
from hrp.platform.jobs import checkups, jobs
from hrp.platform.jobs.models import HealthRun
from hrp.platform.ledger import services as ledger
from hrp.platform.ledger.models import Period
from hrp.platform.notify.models import Message
from tests.materials.world import Hospital

LAST = "(SELECT max(id) FROM {})"
BATCH_A = (
    "(SELECT b.id FROM logistics_balance b JOIN logistics_item i ON i.id = b.item_id JOIN logistics_store s ON s.id = b.store_id"
    " JOIN logistics_batch t ON t.id = b.batch_id WHERE i.code = 'M0' AND s.code = 'S1' AND t.lot = 'A')"
)
AVERAGE = (
    "(SELECT v.id FROM logistics_valuation v JOIN logistics_item i ON i.id = v.item_id JOIN logistics_store s"
    " ON s.id = v.store_id WHERE i.code = 'M1' AND s.code = 'S1')"
)
LAYER = "(SELECT min(id) FROM logistics_layer WHERE quantity > 0)"
MIRROR = LAST.format("logistics_move WHERE kind = 'issue_reversal'")
ARRIVED = LAST.format("logistics_move WHERE kind = 'transfer_in'")
DISPATCHED = LAST.format("logistics_move WHERE kind = 'transfer_dispatch'")
SNAPSHOT = (
    "id = (SELECT p.id FROM logistics_period_balance p JOIN logistics_balance b USING (store_id, item_id, batch_id)"
    f" WHERE b.id = {BATCH_A} AND p.close_id = (SELECT max(id) FROM logistics_close))"
)

# what is promised, where it is registered, how it is broken, and what must be said of it
PROMISED: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "LOG-I1": (
        "期初加收入减发出等于期末", "settlement",
        f"UPDATE logistics_period_balance SET in_amount = in_amount + 0.01, closing_amount = closing_amount + 0.01 WHERE {SNAPSHOT}",
        ("月份 2026-12", "库房 S1 中心库房", "物资 M0 batch", "批次 A（有效期至 2027-01-31）", "金额 0.01，流水金额 无"),
    ),
    "LOG-I2": (
        "余额等于流水合计", "root", f"UPDATE logistics_balance SET quantity = quantity + 5 WHERE id = {BATCH_A}",
        ("库房 S1 中心库房", "物资 M0 batch", "批次 A（有效期至 2027-01-31）", "数量 12，流水数量 7"),
    ),
    "LOG-I2V": (
        "按平均计价的价值等于流水合计", "root", f"UPDATE logistics_valuation SET amount = amount + 0.01 WHERE id = {AVERAGE}",
        ("库房 S1 中心库房", "物资 M1 moving_average", "数量 12，流水数量 12", "金额 41.19，流水金额 41.18"),
    ),
    "LOG-I3": (
        "数量与金额不为负", "root", f"UPDATE logistics_balance SET quantity = -3 WHERE id = {BATCH_A}",
        ("表 库存余额", "库房 S1 中心库房", "物资 M0 batch", "批次 A", "数量 -3"),
    ),
    "LOG-I4": (
        "先进先出各层等于库存价值", "root", f"UPDATE logistics_layer SET amount = amount - 0.01 WHERE id = {LAYER}",
        ("库房 S1 中心库房", "物资 M2 fifo", "各层金额"),
    ),
    "LOG-I5": ("在途等于未收货的调拨", "root", f"DELETE FROM logistics_move WHERE id = {DISPATCHED}", ("调拨单 DB", "数量 -3")),
    "LOG-I5T": (
        "调拨不改变全院金额", "root", f"UPDATE logistics_move SET amount = amount + 0.01 WHERE id = {ARRIVED}",
        ("单据 logistics.transfer_receipt:", "金额 0.01"),
    ),
    "LOG-I6": (
        "红冲是完整的相反数", "root", f"DELETE FROM logistics_move WHERE id = {MIRROR}",
        ("单据 logistics.stock_issue:", "物资 M2 fifo", "红冲数量 无"),
    ),
    "LOG-I19": (
        "出库当日未过期", "root",
        "UPDATE logistics_batch SET expiry = '2026-11-01' WHERE item_id = (SELECT id FROM logistics_item WHERE code = 'M1') AND lot = 'A'",
        ("单据 logistics.stock_issue:", "物资 M1 moving_average", "日期 2026-11-10，有效期 2026-11-01"),
    ),
    "LOG-I7": (
        "每件只在一处", "highvalue",
        "UPDATE logistics_unit SET store_id = (SELECT id FROM logistics_store WHERE code = 'S2') WHERE id ="
        " (SELECT min(id) FROM logistics_unit WHERE owner = 'hospital')",
        ("库房 S2 二级库", "批次 C", "数量 无，唯一码件数 1"),
    ),
    "LOG-I8": (
        "存货等于总账", "root",
        "UPDATE ledger_line SET amount = amount + 1 WHERE id = (SELECT min(l.id) FROM ledger_line l JOIN ledger_account a"
        " ON a.id = l.account_id WHERE a.code = '1302.05')",
        ("科目 1302.05", "总账金额"),
    ),
    "LOG-I9": (
        "暂估等于总账暂估", "settlement", "DELETE FROM logistics_estimate WHERE id = (SELECT min(id) FROM logistics_estimate)",
        ("单据 logistics.stock_receipt:", "暂估 0，总账金额 33.33"),
    ),
    "LOG-I10": (
        "科室领用等于成本费用", "settlement",
        "UPDATE ledger_line SET org_unit_id = (SELECT id FROM org_unit WHERE code = 'U2') WHERE id = (SELECT max(l.id) FROM"
        " ledger_line l JOIN ledger_entry e ON e.id = l.entry_id WHERE e.source LIKE 'logistics.stock_issue:%'"
        " AND l.org_unit_id IS NOT NULL)",
        ("科室 U1 心内科", "科室 U2 骨科", "领用金额"),
    ),
    "LOG-I11": (
        "寄售备查等于在柜件数", "highvalue", "DELETE FROM logistics_consign_move WHERE id = (SELECT max(id) FROM logistics_consign_move)",
        ("库房 J1 寄售柜", "批次 A", "唯一码件数 2"),
    ),
    "LOG-I12": (
        "编号连续无缺号", "root",
        "UPDATE logistics_issue SET number = left(number, -5) || '00009' WHERE id = (SELECT max(id) FROM logistics_issue)",
        ("类别 出库单", "月份 202612", "应有 1，实有 1，最大单号 CKZ-20261200009"),
    ),
    "LOG-I13": (
        "本期期初等于上期期末", "settlement",
        "UPDATE logistics_period_balance SET opening_amount = opening_amount + 1, closing_amount = closing_amount + 1"
        f" WHERE {SNAPSHOT}",
        ("月份 2026-12", "库房 S1 中心库房", "物资 M0 batch", "批次 A", "应有金额 23.34，期初金额 24.34"),
    ),
    "LOG-I14A": (
        "预算执行数等于出库成本", "budget",
        "UPDATE logistics_budget_entry SET amount = amount + 1 WHERE id = (SELECT min(id) FROM logistics_budget_entry"
        " WHERE state = 'actual')",
        ("预算 心内科 其他卫生材料", "单据 logistics.stock_issue:", "出库成本"),
    ),
}  # fmt: skip


def corrupt(statement: str) -> None:
    """As the owner of every table: nothing but the database's own keys stands in the way any more."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conrelid::regclass::text, c.conname FROM pg_constraint c WHERE c.contype = 'c'"
            " AND c.conrelid = ANY(ARRAY['logistics_balance', 'logistics_valuation', 'logistics_layer']::regclass[])"
        )
        for table, name in cursor.fetchall():
            cursor.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                    sql.Identifier(table), sql.Identifier(name)
                )
            )
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(logistics|ledger)_'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        cursor.execute(statement)
        assert cursor.rowcount == 1


def test_every_promise_of_materials_is_registered_and_says_what_to_do() -> None:
    registered = {one.id: one for one in health.invariants if one.module == "logistics"}
    assert set(PROMISED) <= set(registered)
    wanted = {f"LOG-I{number}" for number in range(1, 14)} | {"LOG-I14"}
    assert wanted <= set(registered)
    assert [
        one.id for one in registered.values() if not one.way_out.startswith(("请", "余额", "编号", "所列"))
    ] == []


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_broken_is_found_and_named(lived: Hospital, name: str) -> None:
    assert lived.broken() == []
    *_, statement, words = PROMISED[name]
    corrupt(statement)
    said = {o.id: o for o in health.run("logistics") if o.state != "ok"}
    assert name in said
    told = said[name].words(most=100)
    assert [word for word in words if word not in told] == [], told
    assert said[name].way_out in told


def test_a_budget_in_the_negative(lived: Hospital) -> None:
    corrupt(
        "UPDATE logistics_budget_entry SET amount = -1 WHERE id = (SELECT min(id) FROM logistics_budget_entry)"
    )
    assert any(line.startswith("LOG-I14 ") and "金额 -" in line for line in lived.broken())


SPOILT = (
    "LOG-I2 库存余额等于流水合计（数量与金额）：1 行：库房 S1 中心库房，物资 M0 batch，批次 A（有效期至 2027-01-31），"
    "数量 12，流水数量 7，"
)


@pytest.fixture
def spoilt(lived: Hospital) -> Hospital:
    corrupt(PROMISED["LOG-I2"][2])
    return lived


def test_the_command_names_a_corrupted_balance(spoilt: Hospital) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("invariants", stdout=out)
    assert "不符  LOG-I2 " in out.getvalue()
    told = [line.strip() for line in out.getvalue().splitlines() if "物资 M0 batch" in line]
    assert len(told) == 1
    assert SPOILT.split("1 行：")[1] in told[0]
    assert "处理办法：余额、流水与单据只由过账写入" in out.getvalue()


def test_the_night_names_it_to_who_closes_the_month(spoilt: Hospital) -> None:
    for _ in range(2):  # a job may run twice
        jobs.checkup(cause="nightly")
    kept = {one["id"]: one for one in HealthRun.objects.latest("at").outcomes}
    assert "数量 12，流水数量 7" in kept["LOG-I2"]["told"][0]
    message = Message.objects.get(recipient=spoilt.clerk)
    assert message.title == "2026-11-10 物资数据核对：1 项不符"
    assert message.body.startswith(SPOILT)
    assert message.url == "/logistics/month-close"


def test_a_check_up_somebody_asked_for_tells_nobody_else(spoilt: Hospital) -> None:
    checkups.run(cause="command")
    assert not Message.objects.exists()


def test_the_month_does_not_close_over_it(spoilt: Hospital) -> None:
    january = ledger.open_period(book=spoilt.world.book, year=2027, month=1, actor=spoilt.world.owner)
    with pytest.raises(Conflict) as refused:
        closing.close(actor=spoilt.clerk, period=january)
    assert refused.value.code == "not_ready"
    [problem] = refused.value.problems
    assert problem.message.startswith(f"数据校验：{SPOILT}")
    november = Period.objects.order_by("first_day")[0]
    with pytest.raises(Conflict) as refused:
        ledger.close_period(period=november, actor=spoilt.clerk)
    assert [p.message for p in refused.value.problems if p.message.startswith(SPOILT)]
