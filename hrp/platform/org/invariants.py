"""What must hold of units, trees, categories and the calendar whoever wrote them."""

from __future__ import annotations

from hrp.platform.base import clock
from hrp.platform.base.health import Invariant, Rows, register
from hrp.platform.org.models import OrgTreeEdge, OrgUnit, Tree
from hrp.platform.org.rules.trees import Edge, closes_cycle
from hrp.platform.org.selectors import category_map, leaf_accounting_units


def tree_cycles() -> Rows:
    """Units that stand above themselves on some day: the pure rule, as a second opinion to the trigger's."""
    found: Rows = []
    for tree in Tree.values:
        rows = OrgTreeEdge.objects.filter(tree=tree).values_list(
            "unit_id", "parent_id", "valid_from", "valid_to"
        )
        edges = [Edge(*row) for row in rows]
        found += [
            {"tree": tree, "unit_id": edge.unit, "from": edge.start}
            for edge in edges
            if closes_cycle(edges, edge)
        ]
    return found


def uncategorised_units() -> Rows:
    """核算单元 of today without a 科室类别."""
    today = clock.today()
    missing = leaf_accounting_units(today) - category_map(today).keys()
    return [
        dict(row)
        for row in OrgUnit.objects.filter(pk__in=missing).order_by("code").values("id", "code", "name")
    ]


def register_all() -> None:
    register(Invariant(id="org.no_cycle", module="org", title="科室树任何一天都没有环", check=tree_cycles))
    for table, keys, title in (
        ("org_tree_edge", "unit_id, tree", "科室在一棵树中任何一天只有一个上级"),
        ("org_unit_category", "unit_id", "科室任何一天只有一个类别"),
    ):
        same = " AND ".join(f"a.{key} = b.{key}" for key in keys.split(", "))
        register(
            Invariant(
                id=f"{table.replace('_', '.', 1)}.no_overlap",
                module="org",
                title=title,
                sql=f"""
                    SELECT a.id, b.id AS other_id, a.unit_id FROM {table} a JOIN {table} b ON a.id < b.id AND {same}
                    AND daterange(a.valid_from, a.valid_to, '[]') && daterange(b.valid_from, b.valid_to, '[]')
                """,  # noqa: S608 - names from the line above
            )
        )
    register(
        Invariant(
            id="org.edge_within_unit",
            module="org",
            title="隶属与类别不超出科室的有效期",
            sql="""
                SELECT 'edge' AS what, e.id, e.unit_id FROM org_tree_edge e JOIN org_unit u ON u.id = e.unit_id
                WHERE NOT daterange(e.valid_from, e.valid_to, '[]') <@ daterange(u.valid_from, u.valid_to, '[]')
                UNION ALL
                SELECT 'parent', e.id, e.parent_id FROM org_tree_edge e JOIN org_unit u ON u.id = e.parent_id
                WHERE NOT daterange(e.valid_from, e.valid_to, '[]') <@ daterange(u.valid_from, u.valid_to, '[]')
                UNION ALL
                SELECT 'category', c.id, c.unit_id FROM org_unit_category c JOIN org_unit u ON u.id = c.unit_id
                WHERE NOT daterange(c.valid_from, c.valid_to, '[]') <@ daterange(u.valid_from, u.valid_to, '[]')
            """,
        )
    )
    register(
        Invariant(
            id="org.leaf_has_category",
            module="org",
            title="每个核算单元都有科室类别",
            check=uncategorised_units,
        )
    )
    register(
        Invariant(
            id="org.calendar_complete",
            module="org",
            title="已导入的年度每一天都在",
            sql="""
                SELECT y.year, count(d.date) AS days FROM org_calendar_year y
                LEFT JOIN org_calendar_day d ON d.year_id = y.year
                GROUP BY y.year HAVING count(d.date) <> make_date(y.year + 1, 1, 1) - make_date(y.year, 1, 1)
            """,
        )
    )
