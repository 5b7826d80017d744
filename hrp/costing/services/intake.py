"""成本数据导入: one workbook with departments, direct costs, statistics and rules of a month.

The way in for a hospital (or a published example) whose other modules are not running yet. All or nothing: it makes
departments and a rule version, and *drafts* of 成本费用归集单 and 统计量录入单; a person still submits and posts them.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from hrp.costing.documents.cost_entry import CostEntry, CostKind
from hrp.costing.documents.stat_entry import StatEntry
from hrp.costing.models import AccountItemMap, AllocationRule, CostItem, Driver, Item7, RuleFallback, RuleSet
from hrp.costing.models.rulesets import Level
from hrp.platform.access import scope
from hrp.platform.audit import services as audit
from hrp.platform.base.refusals import Invalid, Problem
from hrp.platform.documents import services as documents
from hrp.platform.exchange.sheets import Preview, Row, SheetColumn, SheetSpec, WorkbookSpec
from hrp.platform.ledger.models import Fund
from hrp.platform.org import selectors as org
from hrp.platform.org.models import Campus, OrgUnit, OrgUnitCategory, Setting, UnitCategory, valid_on

if TYPE_CHECKING:
    from hrp.platform.access.models import User

PERMISSION = "costing.intake.import"

KIND_OF: Mapping[str, str] = {
    Item7.PERSONNEL: CostKind.PAYROLL,
    Item7.MATERIALS: CostKind.MATERIALS,
    Item7.DRUGS: CostKind.DRUGS,
    Item7.DEPRECIATION: CostKind.DEPRECIATION,
    Item7.AMORTISATION: CostKind.AMORTISATION,
    Item7.RISK_FUND: CostKind.RISK_FUND,
    Item7.OTHER: CostKind.PAYABLE,
}


def _by_code(model: Any, *also: str) -> Any:
    """A column look-up: ids by code (or by another unique text of the register)."""

    def find(texts: frozenset[str]) -> dict[str, object]:
        found: dict[str, object] = {}
        for name in (*also, "code"):
            rows = model.objects.filter(**{f"{name}__in": texts}).values_list(name, "pk")
            found.update((text, pk) for text, pk in rows)
        return found

    return find


def workbook() -> WorkbookSpec:
    """The four sheets."""
    departments = SheetSpec(
        "departments", "科室",
        [
            SheetColumn("code", "科室编码", "code", required=True, max_length=20, example="101"),
            SheetColumn("name", "科室名称", required=True, max_length=100, example="门诊-消化内科"),
            SheetColumn("category", "科室类别", "choice", required=True, choices=UnitCategory.choices),
            SheetColumn("setting", "门诊/住院", "choice", choices=Setting.choices, help="仅临床服务类填写"),
        ],
        unique=[("code",)], notes="系统中没有的科室将新建；已有的科室核对类别。",
    )  # fmt: skip
    costs = SheetSpec(
        "costs", "直接成本",
        [
            SheetColumn("unit", "科室编码", "code", required=True, max_length=20),
            SheetColumn("item", "成本项目", "lookup", required=True, lookup=_by_code(CostItem, "name"), help="编码或名称"),
            SheetColumn("fund", "经费性质", "lookup", required=True, lookup=_by_code(Fund), help="F1、F2、F3 或 F4"),
            SheetColumn("amount", "金额", "money", required=True),
            SheetColumn("memo", "摘要", max_length=200),
        ],
    )  # fmt: skip
    stats = SheetSpec(
        "stats", "统计量",
        [
            SheetColumn("driver", "分摊参数", "lookup", required=True, lookup=_by_code(Driver, "name"), help="编码或名称"),
            SheetColumn("server", "服务科室编码", "code", max_length=20, help="按科室统计的参数不填"),
            SheetColumn("receiver", "受益科室编码", "code", required=True, max_length=20),
            SheetColumn("quantity", "数量", "decimal", required=True, minimum=0),
        ],
        unique=[("driver", "server", "receiver")],
    )  # fmt: skip
    rules = SheetSpec(
        "rules", "分摊规则",
        [
            SheetColumn("level", "级次", "choice", required=True, choices=[(str(v), str(v)) for v in Level.values]),
            SheetColumn("source", "分摊科室编码", "code", max_length=20, help="空为该级次的所有科室"),
            SheetColumn("item", "成本项目", "lookup", lookup=_by_code(CostItem, "name"), help="空为全部"),
            SheetColumn("driver", "分摊参数", "lookup", required=True, lookup=_by_code(Driver, "name")),
            SheetColumn("fallback", "备用参数", "lookup", lookup=_by_code(Driver, "name")),
            SheetColumn("approval", "备用参数批准依据", max_length=100),
        ],
        notes="有数据行时建立一个新的规则版本。",
    )  # fmt: skip
    return WorkbookSpec(
        "costing.intake", "成本数据", [departments, costs, stats, rules], frozenset({"departments", "rules"})
    )


@dataclass
class Intake:
    """What an import made."""

    units: list[OrgUnit] = field(default_factory=list)
    cost_entries: list[CostEntry] = field(default_factory=list)
    stat_entries: list[StatEntry] = field(default_factory=list)
    rule_set: RuleSet | None = None


@transaction.atomic
def take_in(preview: Preview, *, actor: User, campus: Campus, office: OrgUnit, month: dt.date) -> Intake:
    """Import a checked workbook into the month. Raises Invalid naming sheet and row; then nothing is kept."""
    scope.require(actor, PERMISSION)
    preview.require_ok()
    first = month.replace(day=1)
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    intake = Intake()
    problems: list[Problem] = []
    intake.units = _departments(preview.sheets["departments"].rows, campus, first, problems)
    units = {unit.code: unit.pk for unit in OrgUnit.objects.filter(campus__hospital_id=campus.hospital_id)}
    cost_lines = _cost_lines(preview.sheets["costs"].rows, units, last, problems)
    stat_lines = _stat_lines(preview.sheets["stats"].rows, units, problems)
    intake.rule_set = _rule_set(preview.sheets["rules"].rows, units, first, actor, problems)
    if problems:
        raise Invalid(
            f"文件有 {len(problems)} 处与系统不一致，没有导入任何内容",
            problems=problems, way_out="请按提示修改后重新上传。", code="intake_problems",
        )  # fmt: skip
    header = {
        "campus": campus.pk,
        "org_unit": office.pk,
        "business_date": last,
        "note": f"导入 {preview.sha256[:12]}",
    }
    for kind, lines in sorted(cost_lines.items()):
        intake.cost_entries.append(
            documents.save_draft(CostEntry, actor=actor, header={**header, "cost_kind": kind}, lines=lines)
        )
    if stat_lines:
        intake.stat_entries.append(
            documents.save_draft(StatEntry, actor=actor, header=header, lines=stat_lines)
        )
    audit.record(
        actor=actor, act=PERMISSION, target=f"org.campus:{campus.pk}", summary=f"导入 {first:%Y-%m} 成本数据",
        data={
            "sha256": preview.sha256, "units": len(intake.units), "rows": preview.row_count,
            "documents": [d.source for d in (*intake.cost_entries, *intake.stat_entries)],
            "rule_set": intake.rule_set.version if intake.rule_set else None,
        },
    )  # fmt: skip
    return intake


def _departments(
    rows: Iterable[Row], campus: Campus, first: dt.date, problems: list[Problem]
) -> list[OrgUnit]:
    """Create what is missing; a known department must have the category the file gives it."""
    categories = org.category_map(first)
    made: list[OrgUnit] = []
    for row in rows:
        values: dict[str, Any] = row.values
        setting = values.get("setting") or Setting.NONE
        if setting != Setting.NONE and values["category"] != UnitCategory.CLINICAL:
            problems.append(_at("科室", row, "只有临床服务类区分门诊/住院", "请清空“门诊/住院”。"))
            continue
        unit = OrgUnit.objects.filter(code=values["code"]).first()
        if unit is None:
            unit = OrgUnit.objects.create(
                campus=campus, code=values["code"], name=values["name"], valid_from=first
            )
            made.append(unit)
        known = categories.get(unit.pk)
        if known is None:
            OrgUnitCategory.objects.create(
                unit=unit, category=values["category"], setting=setting, valid_from=first
            )
        elif (known.category, known.setting) != (values["category"], setting):
            label = UnitCategory(known.category).label
            problems.append(
                _at(
                    "科室",
                    row,
                    f"{unit.code} {unit.name} 在系统中为“{label}”",
                    "请在组织机构中调整类别，或更正文件。",
                )
            )
    return made


def _cost_lines(
    rows: Iterable[Row], units: Mapping[str, int], on: dt.date, problems: list[Problem]
) -> dict[str, list[dict[str, Any]]]:
    """Lines per kind of cost entry. The account is the one that feeds the item: 5101 for 行政后勤, else 5001."""
    items = CostItem.objects.in_bulk()
    accounts: dict[int, dict[str, int]] = defaultdict(dict)
    mapped = AccountItemMap.objects.filter(valid_on(on), item__isnull=False, account__is_active=True)
    for item_id, code, account_id in mapped.order_by("-account__code").values_list(
        "item_id", "account__code", "account_id"
    ):
        accounts[item_id][code.partition(".")[0]] = account_id
    admin = set(
        OrgUnitCategory.objects.filter(valid_on(on), category=UnitCategory.ADMIN).values_list(
            "unit_id", flat=True
        )
    )
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        values: dict[str, Any] = row.values
        unit_id = units.get(values["unit"])
        if unit_id is None:
            problems.append(_unknown("直接成本", row, values["unit"]))
            continue
        if not values["amount"]:
            continue
        item = items[values["item"]]
        found = accounts[item.pk]
        account_id = found.get("5101" if unit_id in admin else "5001") or next(iter(found.values()), 0)
        if not account_id:
            problems.append(
                _at(
                    "直接成本", row, f"成本项目“{item}”没有对应的费用科目", "请在“科目与成本项目对照”中指定。"
                )
            )
            continue
        lines[KIND_OF[item.item7]].append(
            {
                "bearer": unit_id, "account": account_id, "fund": values["fund"], "amount": values["amount"],
                "memo": values.get("memo") or "",
            }
        )  # fmt: skip
    return lines


def _stat_lines(
    rows: Iterable[Row], units: Mapping[str, int], problems: list[Problem]
) -> list[dict[str, Any]]:
    lines = []
    for row in rows:
        values: dict[str, Any] = row.values
        wrong = [
            values[key] for key in ("server", "receiver") if values.get(key) and values[key] not in units
        ]
        problems += [_unknown("统计量", row, code) for code in wrong]
        if not wrong:
            lines.append(
                {
                    "driver": values["driver"], "quantity": values["quantity"],
                    "server": units[values["server"]] if values.get("server") else None,
                    "receiver": units[values["receiver"]],
                }
            )  # fmt: skip
    return lines


def _rule_set(
    rows: Iterable[Row], units: Mapping[str, int], first: dt.date, actor: User, problems: list[Problem]
) -> RuleSet | None:
    rows = list(rows)
    if not rows:
        return None
    latest = RuleSet.objects.aggregate(latest=Max("version"))["latest"] or 0
    rule_set = RuleSet.objects.create(version=latest + 1, title=f"{first:%Y-%m} 导入", valid_from=first)
    for row in rows:
        values: dict[str, Any] = row.values
        if values.get("source") and values.get("source") not in units:
            problems.append(_unknown("分摊规则", row, values.get("source")))
        elif values["level"] == "0" and not values.get("source"):
            problems.append(_at("分摊规则", row, "公摊规则须指定分摊科室", "请填写分摊科室编码。"))
        elif values.get("fallback") and not values.get("approval"):
            problems.append(_at("分摊规则", row, "备用参数没有批准依据", "请填写批准文件或会议纪要。"))
        else:
            rule = AllocationRule.objects.create(
                rule_set=rule_set, level=int(values["level"]), item_id=values.get("item"),
                source_unit_id=units[values["source"]] if values.get("source") else None, driver_id=values["driver"],
            )  # fmt: skip
            if values.get("fallback"):
                RuleFallback.objects.create(
                    rule=rule,
                    position=1,
                    driver_id=values["fallback"],
                    approval=values["approval"],
                    approved_by=actor,
                )
    return rule_set


def _at(sheet: str, row: Row, message: str, way_out: str) -> Problem:
    return Problem(f"工作表“{sheet}”第 {row.number} 行：{message}", way_out=way_out)


def _unknown(sheet: str, row: Row, code: object) -> Problem:
    return _at(sheet, row, f"科室编码 {code} 不存在", "请在工作表“科室”中补充，或更正编码。")
