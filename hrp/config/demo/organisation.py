"""杏林市中心医院: an invented hospital of two campuses, its departments, trees, book and calendar months."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from hrp.platform.ledger import chart
from hrp.platform.ledger.models import Book
from hrp.platform.org.models import Campus, Hospital, OrgTreeEdge, OrgUnit, OrgUnitCategory, Tree
from hrp.platform.org.rules.pinyin import pinyin_key

SINCE = dt.date(2020, 1, 1)

GROUPS = (("01", "临床科室"), ("02", "医技科室"), ("03", "医辅科室"), ("04", "行政后勤"))

# code, name, category, setting, staff
UNITS = (
    ("0101", "心血管内科门诊", "clinical", "outpatient", 14),
    ("0102", "呼吸内科门诊", "clinical", "outpatient", 12),
    ("0103", "普外科门诊", "clinical", "outpatient", 11),
    ("0104", "骨科门诊", "clinical", "outpatient", 13),
    ("0105", "妇产科门诊", "clinical", "outpatient", 16),
    ("0106", "儿科门诊", "clinical", "outpatient", 15),
    ("0107", "急诊医学科", "clinical", "outpatient", 34),
    ("0111", "心血管内科病区", "clinical", "inpatient", 32),
    ("0112", "呼吸内科病区", "clinical", "inpatient", 29),
    ("0113", "普外科病区", "clinical", "inpatient", 31),
    ("0114", "骨科病区", "clinical", "inpatient", 30),
    ("0115", "妇产科病区", "clinical", "inpatient", 33),
    ("0116", "儿科病区", "clinical", "inpatient", 26),
    ("0117", "重症医学科", "clinical", "inpatient", 38),
    ("0201", "检验科", "medtech", "none", 27),
    ("0202", "医学影像科", "medtech", "none", 30),
    ("0203", "超声医学科", "medtech", "none", 17),
    ("0204", "病理科", "medtech", "none", 9),
    ("0205", "麻醉手术科", "medtech", "none", 41),
    ("0206", "药学部", "medtech", "none", 36),
    ("0301", "消毒供应中心", "auxiliary", "none", 15),
    ("0302", "门诊收费处", "auxiliary", "none", 18),
    ("0303", "住院结算处", "auxiliary", "none", 8),
    ("0304", "病案统计室", "auxiliary", "none", 7),
    ("0401", "院长办公室", "admin", "none", 9),
    ("0402", "财务科", "admin", "none", 16),
    ("0403", "医务科", "admin", "none", 8),
    ("0404", "护理部", "admin", "none", 7),
    ("0405", "信息科", "admin", "none", 12),
    ("0406", "总务科", "admin", "none", 24),
    ("0407", "物资管理科", "admin", "none", 11),
)


@dataclass(frozen=True)
class Organisation:
    """What the other parts of the demo stand on. ``staff`` is headcount by unit code."""

    hospital: Hospital
    campus: Campus
    book: Book
    units: dict[str, OrgUnit]
    staff: dict[str, int]

    def of_category(self, *categories: str) -> list[OrgUnit]:
        return [self.units[code] for code, _, category, _, _ in UNITS if category in categories]


def build() -> Organisation:
    """Create hospital, campuses, units in all three trees, categories, chart of accounts and book."""
    hospital = Hospital.objects.create(code="XL", name="杏林市中心医院")
    campus = Campus.objects.create(hospital=hospital, code="1", name="总院区")
    Campus.objects.create(hospital=hospital, code="2", name="东湖院区")
    root = OrgUnit.objects.create(
        campus=campus, code="00", name="杏林市中心医院", pinyin=pinyin_key("杏林市中心医院"), valid_from=SINCE
    )
    groups = {
        code: OrgUnit.objects.create(
            campus=campus, code=code, name=name, pinyin=pinyin_key(name), valid_from=SINCE
        )
        for code, name in GROUPS
    }
    units = {
        code: OrgUnit.objects.create(
            campus=campus, code=code, name=name, pinyin=pinyin_key(name), valid_from=SINCE
        )
        for code, name, *_ in UNITS
    }
    edges = []
    for tree in Tree.values:
        edges.append(OrgTreeEdge(tree=tree, unit=root, parent=None, valid_from=SINCE))
        edges += [
            OrgTreeEdge(tree=tree, unit=unit, parent=root, valid_from=SINCE) for unit in groups.values()
        ]
        edges += [
            OrgTreeEdge(tree=tree, unit=unit, parent=groups[code[:2]], valid_from=SINCE)
            for code, unit in units.items()
        ]
    OrgTreeEdge.objects.bulk_create(edges)
    OrgUnitCategory.objects.bulk_create(
        OrgUnitCategory(unit=units[code], category=category, setting=setting, valid_from=SINCE)
        for code, _, category, setting, _ in UNITS
    )
    chart.install()
    book = Book.objects.create(hospital=hospital, name="杏林市中心医院账套")
    return Organisation(hospital, campus, book, units, {code: staff for code, _, _, _, staff in UNITS})
