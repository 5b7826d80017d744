"""The official tables of department cost as one parametric report: 科室01, 科室03, 科室06.

Amounts are in 分 here; doors show yuan. Every amount cell knows the department, item and part it stands for, so that
it can be opened down to the documents behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from django.db import connection

from hrp.costing.documents.allocation_run import AllocationRun
from hrp.costing.models import Item7, RunDepartment
from hrp.costing.selectors.ranges import BUSINESS, HOSPITAL_FULL, MEDICAL, MEDICAL_FULL, Range

Part = Literal["direct", "indirect", "from_a", "from_x", "from_t", "full"]

CUBE_SQL = """
SELECT c.unit_id, i.item7, sum(c.direct_fen)::bigint, sum(c.from_a_fen)::bigint, sum(c.from_x_fen)::bigint,
       sum(c.from_t_fen)::bigint
FROM costing_full_cost c JOIN costing_item i ON i.id = c.item_id JOIN ledger_fund f ON f.id = c.fund_id
WHERE c.run_id = %s AND f.code = ANY(%s) AND (%s OR NOT i.hospital_only)
GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Amount:
    """Cost in 分, by how it arrived."""

    direct: int = 0
    from_a: int = 0
    from_x: int = 0
    from_t: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.direct + other.direct, self.from_a + other.from_a, self.from_x + other.from_x,
            self.from_t + other.from_t,
        )  # fmt: skip

    @property
    def indirect(self) -> int:
        return self.from_a + self.from_x + self.from_t

    @property
    def full(self) -> int:
        return self.direct + self.indirect


@dataclass(frozen=True)
class Column:
    """``item7`` "" is the sum of the seven; ``percent`` shows the part as a share of the full cost."""

    title: str
    part: Part
    item7: str = ""
    percent: bool = False


@dataclass(frozen=True)
class Group:
    title: str
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Cell:
    """``fen`` for amounts, ``share`` (0..1, None without base) for percentages."""

    column: Column
    fen: int
    share: float | None = None  # display only; never money


@dataclass(frozen=True)
class Row:
    """``kind`` unit rows can be opened; subtotals and totals are sums of what stands above them."""

    kind: Literal["unit", "subtotal", "total"]
    title: str
    cells: tuple[Cell, ...]
    code: str = ""
    unit_id: int | None = None


@dataclass(frozen=True)
class Report:
    number: str
    title: str
    range: Range
    run: AllocationRun
    groups: tuple[Group, ...]
    rows: tuple[Row, ...]
    note: str = ""

    @property
    def columns(self) -> list[Column]:
        return [column for group in self.groups for column in group.columns]


@dataclass(frozen=True)
class Definition:
    """One table: which ranges it can show, its columns, and how its rows are laid out."""

    number: str
    title: str
    ranges: tuple[Range, ...]
    groups: tuple[Group, ...]
    layout: Callable[[Cube, tuple[Group, ...]], Iterable[Row]]
    note: str = ""


@dataclass
class Cube:
    """Departments of a run and their amounts per statutory item, narrowed to a range."""

    departments: Sequence[RunDepartment]
    amounts: dict[tuple[int, str], Amount]
    range: Range
    totals: dict[int, Amount] = field(default_factory=dict)

    def amount(self, unit_id: int, item7: str) -> Amount:
        if item7:
            return self.amounts.get((unit_id, item7), Amount())
        if unit_id not in self.totals:
            self.totals[unit_id] = sum((self.amount(unit_id, code) for code in Item7.values), Amount())
        return self.totals[unit_id]

    def of(self, category: str, setting: str | None = None) -> list[RunDepartment]:
        return [d for d in self.departments if d.category == category and setting in (None, d.setting)]


def read_cube(run_id: int, of: Range) -> Cube:
    """Two queries, whatever the size of the hospital."""
    with connection.cursor() as cursor:
        cursor.execute(CUBE_SQL, [run_id, list(of.funds), of.hospital_only])
        amounts = {(unit, item7): Amount(*parts) for unit, item7, *parts in cursor.fetchall()}
    departments = RunDepartment.objects.filter(run_id=run_id).exclude(category="excluded").order_by("code")
    return Cube(list(departments), amounts, of)


def build(
    run: AllocationRun, definition: Definition, of: Range, *, units: frozenset[int] | None = None
) -> Report:
    """The table of a posted (or once posted) run; with ``units``, only the rows of those departments, without sums."""
    cube = read_cube(run.pk, of)
    rows = tuple(
        row for row in definition.layout(cube, definition.groups) if units is None or row.unit_id in units
    )
    return Report(definition.number, definition.title, of, run, definition.groups, rows, definition.note)


def _cells(groups: tuple[Group, ...], amount: Callable[[str], Amount]) -> tuple[Cell, ...]:
    cells = []
    for column in (column for group in groups for column in group.columns):
        here = amount(column.item7)
        fen = getattr(here, column.part)
        cells.append(Cell(column, fen, fen / here.full if column.percent and here.full else None))
    return tuple(cells)


def _unit_row(cube: Cube, groups: tuple[Group, ...], department: RunDepartment) -> Row:
    unit_id = department.unit_id
    cells = _cells(groups, lambda item7: cube.amount(unit_id, item7))
    return Row("unit", department.name, cells, department.code, unit_id)


def _sum_row(
    cube: Cube,
    groups: tuple[Group, ...],
    kind: Literal["subtotal", "total"],
    title: str,
    departments: Sequence[RunDepartment],
) -> Row:
    def amount(item7: str) -> Amount:
        return sum((cube.amount(d.unit_id, item7) for d in departments), Amount())

    return Row(kind, title, _cells(groups, amount))


def _direct_rows(cube: Cube, groups: tuple[Group, ...]) -> Iterable[Row]:
    shown: list[RunDepartment] = []
    for place, (category, title) in enumerate(
        (("clinical", "临床服务类科室小计"), ("medtech", "医疗技术类科室小计"), ("auxiliary", "医疗辅助类科室小计")), start=1
    ):  # fmt: skip
        departments = cube.of(category)
        yield from (_unit_row(cube, groups, d) for d in departments)
        yield _sum_row(cube, groups, "subtotal", f"{title}（{place}）", departments)
        shown += departments
    yield _sum_row(cube, groups, "total", "医疗业务成本合计（4）=（1）+（2）+（3）", shown)
    if cube.range.administration:
        departments = cube.of("admin")
        yield from (_unit_row(cube, groups, d) for d in departments)
        yield _sum_row(cube, groups, "subtotal", "行政后勤类科室小计（5）", departments)
        yield _sum_row(
            cube, groups, "total", f"{cube.range.title}总计（6）=（4）+（5）", [*shown, *departments]
        )


def _clinical_rows(cube: Cube, groups: tuple[Group, ...]) -> Iterable[Row]:
    for setting, title in (
        ("outpatient", "门急诊小计"),
        ("inpatient", "住院小计"),
        ("none", "未区分门急诊与住院小计"),
    ):
        departments = cube.of("clinical", setting)
        if departments:
            yield from (_unit_row(cube, groups, d) for d in departments)
            yield _sum_row(cube, groups, "subtotal", title, departments)
    yield _sum_row(cube, groups, "total", "科室全成本合计", cube.of("clinical"))


def _share(title: str, part: Part) -> Group:
    return Group(title, (Column("金额", part), Column("比例", part, percent=True)))


FULL_RANGES = (MEDICAL, MEDICAL_FULL, HOSPITAL_FULL)

DEFINITIONS: dict[str, Definition] = {
    definition.number: definition
    for definition in (
        Definition(
            "01", "医院各科室直接成本表", (BUSINESS, MEDICAL, MEDICAL_FULL, HOSPITAL_FULL),
            (
                Group("成本项目", tuple(Column(item.label, "direct", item.value) for item in Item7)),
                Group("合计", (Column("合计", "direct"),)),
            ),
            _direct_rows,
            "直接成本含公摊（计算计入）部分。",
        ),
        Definition(
            "03", "医院临床服务类科室全成本表", FULL_RANGES,
            (
                *(
                    Group(
                        item.label,
                        (Column("直接", "direct", item.value), Column("间接", "indirect", item.value),
                         Column("全成本", "full", item.value)),
                    )
                    for item in Item7
                ),
                Group("合计", (Column("直接", "direct"), Column("间接", "indirect"), Column("全成本", "full"))),
            ),
            _clinical_rows,
            "间接成本为三级分摊转入的行政后勤、医疗辅助、医疗技术成本之和。",
        ),
        Definition(
            "06", "医院科室成本分摊汇总表", FULL_RANGES,
            (
                _share("直接成本", "direct"), _share("分摊行政后勤类", "from_a"), _share("分摊医疗辅助类", "from_x"),
                _share("分摊医疗技术类", "from_t"), _share("全成本", "full"),
            ),
            _clinical_rows,
            "分摊各列按最后转出科室的类别归类（按环节）；经检验转入的行政成本列在分摊医疗技术类。按原始科室请点开金额查看。",
        ),
    )
}  # fmt: skip
