"""成本项目, 科目对照, 分摊参数 and 分摊规则."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hrp.costing.models import AccountItemMap, AllocationRule, CostItem, Driver, RuleFallback, RuleSet
from hrp.costing.services import rules
from hrp.platform.ledger.models import Account
from hrp.platform.ui.screens import Action, Column, Field, Filter, Lookup, Panel, RegisterScreen

PERMISSIONS = {
    "costing.cost_item.view": "查看成本项目",
    "costing.cost_item.edit": "维护成本项目",
    "costing.cost_item.export": "导出成本项目",
    "costing.account_item.view": "查看科目与成本项目对照",
    "costing.account_item.edit": "维护科目与成本项目对照",
    "costing.account_item.export": "导出科目与成本项目对照",
    "costing.driver.view": "查看分摊参数",
    "costing.driver.edit": "维护分摊参数",
    "costing.driver.export": "导出分摊参数",
    "costing.rule_set.view": "查看分摊规则",
    "costing.rule_set.edit": "维护分摊规则",
    "costing.rule_set.export": "导出分摊规则",
}

EXPENSE_ACCOUNTS = Lookup(
    key="ledger.expense_account",
    title="费用科目",
    queryset=lambda actor, params: Account.objects.filter(element=Account.Element.EXPENSE, is_active=True).order_by("code"),
    search=("code__istartswith", "name__icontains"),
    permissions=("costing.cost_entry.edit", "costing.account_item.edit"),
)  # fmt: skip

STAT_ACCOUNTS = Lookup(
    key="ledger.stat_account",
    title="统计量科目",
    queryset=lambda actor, params: Account.objects.filter(element=Account.Element.STAT).order_by("code"),
    search=("code__istartswith", "name__icontains"),
    permissions=("costing.driver.edit",),
)

ITEMS = RegisterScreen(
    key="costing.cost_item",
    model=CostItem,
    title="成本项目",
    icon="list-tree",
    url="costing/items",
    menu=("costing", "基础资料"),
    order=10,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"), Column("name", card="title"), Column("item7", card="tag"),
        Column("behaviour"), Column("variable_share"), Column("chargeable"), Column("capital"),
        Column("hospital_only"), Column("is_active"),
    ),
    filters=(
        Filter("q", title="成本项目", kind="text", lookups=("code__istartswith", "name__icontains"), placeholder="编码 / 名称"),
        Filter("item7", kind="choice"),
    ),
    fields=(
        Field("code", immutable=True), Field("name"), Field("item7"), Field("behaviour"), Field("variable_share"),
        Field("chargeable"), Field("capital"), Field("hospital_only"), Field("is_active"),
    ),
)  # fmt: skip

ACCOUNT_ITEMS = RegisterScreen(
    key="costing.account_item",
    model=AccountItemMap,
    title="科目与成本项目对照",
    icon="arrows-exchange",
    url="costing/account-items",
    menu=("costing", "基础资料"),
    order=20,
    columns=(
        Column("account", fixed=True, card="title"), Column("item", card="line"), Column("reason"),
        Column("valid_from", card="meta"), Column("valid_to"),
    ),
    filters=(
        Filter("q", title="科目", kind="text", lookups=("account__code__istartswith", "account__name__icontains"), placeholder="科目编码 / 名称"),
        Filter("item", kind="register", register="costing.cost_item"),
    ),
    fields=(
        Field("account", lookup="ledger.expense_account", immutable=True), Field("item"), Field("reason"),
        Field("valid_from"), Field("valid_to"),
    ),
    ordering=("account__code", "-valid_from"),
    search=("account__code__istartswith", "account__name__icontains"),
    exact=("account__code",),
)  # fmt: skip

DRIVERS = RegisterScreen(
    key="costing.driver",
    model=Driver,
    title="分摊参数",
    icon="scale",
    url="costing/drivers",
    menu=("costing", "基础资料"),
    order=30,
    columns=(
        Column("code", sort=True, fixed=True, card="meta"), Column("name", card="title"), Column("grain", card="tag"),
        Column("account"), Column("account__measure", title="计量单位"), Column("is_active"),
    ),
    filters=(Filter("q", title="参数", kind="text", lookups=("code__istartswith", "name__icontains"), placeholder="编码 / 名称"),),
    fields=(
        Field("code", immutable=True), Field("name"), Field("grain", immutable=True),
        Field("account", lookup="ledger.stat_account", immutable=True), Field("is_active"),
    ),
    hint=lambda driver: driver.get_grain_display(),
)  # fmt: skip


def _rules(rule_set: RuleSet, actor: Any) -> Iterable[AllocationRule]:
    return (
        AllocationRule.objects.filter(rule_set=rule_set)
        .select_related("source_unit", "item", "driver")
        .prefetch_related("fallbacks__driver")
    )


def _source(rule: AllocationRule) -> str:
    return f"{rule.source_unit.code} {rule.source_unit.name}" if rule.source_unit else "该级次全部科室"


def _items(rule: AllocationRule) -> str:
    return str(rule.item) if rule.item else (rule.get_item7_display() or "全部成本项目")


def _receivers(rule: AllocationRule) -> str:
    parts = [rule.get_receiver_category_display(), rule.get_receiver_setting_display()]
    return " ".join(part for part in parts if part) or "下级全部科室"


def _fallbacks(rule: AllocationRule) -> str:
    return " → ".join(str(fallback.driver) for fallback in rule.fallbacks.all()) or "—"


def _all_fallbacks(rule_set: RuleSet, actor: Any) -> Iterable[RuleFallback]:
    return RuleFallback.objects.filter(rule__rule_set=rule_set).select_related(
        "rule", "driver", "approved_by"
    )


RULE_SETS = RegisterScreen(
    key="costing.rule_set",
    model=RuleSet,
    title="分摊规则",
    icon="git-branch",
    url="costing/rule-sets",
    menu=("costing", "基础资料"),
    order=40,
    columns=(
        Column("version", sort=True, fixed=True, card="meta"), Column("title", card="title"), Column("basis", card="line"),
        Column("valid_from"), Column("valid_to"),
    ),
    fields=(Field("version", immutable=True), Field("title", span=2), Field("basis", span=3), Field("valid_from"), Field("valid_to")),
    panels=(
        Panel(
            key="rules", title="规则", rows=_rules, model=AllocationRule,
            columns=(
                Column("level"), Column("source", title="分摊科室", value=_source),
                Column("items", title="成本项目", value=_items), Column("driver"),
                Column("fallbacks", title="备用参数", value=_fallbacks),
                Column("receivers", title="接收科室", value=_receivers), Column("rank"),
            ),
            fields=(
                Field("level"), Field("source_unit"), Field("item"), Field("item7"), Field("driver"),
                Field("receiver_category"), Field("receiver_setting"), Field("rank", default=lambda actor: 100),
            ),
            add=rules.add_rule, add_title="新增规则", permission="costing.rule_set.edit",
            empty="还没有规则；没有规则的科室有成本时分摊会被拒绝",
        ),
        Panel(
            key="fallbacks", title="经批准的备用参数", rows=_all_fallbacks, model=RuleFallback,
            columns=(
                Column("rule__level", title="级次"), Column("position"), Column("driver"), Column("approval"),
                Column("approved_by"),
            ),
            empty="没有备用参数",
        ),
    ),
    actions=(
        Action(
            "copy", "复制为新版本", run=rules.copy_rule_set, permission="costing.rule_set.edit", icon="copy",
            confirm="将本版本的全部规则复制为一个新版本，之后可在新版本上修改。",
        ),
    ),
    ordering=("-version",),
    search=("title__icontains",),
    exact=("version",),
)  # fmt: skip

ALL = (ITEMS, ACCOUNT_ITEMS, DRIVERS, RULE_SETS)
LOOKUPS = (EXPENSE_ACCOUNTS, STAT_ACCOUNTS)
