"""Registers and the subledger of materials. Quantities are in the item's base unit, amounts in yuan."""

from __future__ import annotations

from django.db import models

from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number, not_negative
from hrp.platform.ledger.models import Account, Period
from hrp.platform.org.models import Campus, OrgUnit


class MaterialClass(models.Model):
    """Finance class of materials (财务分类): decides inventory and expense accounts."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50)
    inventory_account = models.ForeignKey(Account, models.PROTECT, related_name="+", verbose_name="存货科目")
    expense_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name="业务费用科目"
    )
    admin_expense_account = models.ForeignKey(
        Account, models.PROTECT, related_name="+", verbose_name="管理费用科目"
    )

    class Meta:
        verbose_name = "物资分类"
        db_table = "logistics_class"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Supplier(models.Model):
    """Who delivers (供应商)."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=100)
    pinyin = models.CharField("拼音码", max_length=60, blank=True, db_index=True)
    credit_code = models.CharField("统一社会信用代码", max_length=18, blank=True)
    contact = models.CharField("联系人", max_length=50, blank=True)
    phone = models.CharField("电话", max_length=30, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "供应商"
        db_table = "logistics_supplier"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One spec-model of one manufacturer (物资字典)."""

    class Kind(models.TextChoices):
        HIGH_VALUE = "high_value", "医用耗材-高值"
        CONSUMABLE = "consumable", "医用耗材-低值"
        REAGENT = "reagent", "试剂"
        DISINFECTANT = "disinfectant", "消毒用品"
        GENERAL = "general", "总务物资"
        OFFICE = "office", "办公用品"

    code = models.CharField("物资编码", max_length=20, unique=True)
    name = models.CharField("物资名称", max_length=100)
    spec = models.CharField("规格型号", max_length=100, blank=True)
    pinyin = models.CharField("拼音码", max_length=100, blank=True, db_index=True)
    unit = models.CharField("单位", max_length=10)
    kind = models.CharField("类别", max_length=20, choices=Kind.choices)
    material_class = models.ForeignKey(
        MaterialClass, models.PROTECT, related_name="+", verbose_name="财务分类"
    )
    manufacturer = models.CharField("生产企业", max_length=100, blank=True)
    barcode = models.CharField("条码 / DI", max_length=40, blank=True, db_index=True)
    chargeable = models.BooleanField("可单独收费", default=False)
    lot_required = models.BooleanField("管理批号", default=True)
    expiry_required = models.BooleanField("管理效期", default=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "物资"
        db_table = "logistics_item"
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.name} {self.spec}".strip()


class Store(models.Model):
    """A store room (库房); ``org_unit`` keeps it."""

    code = models.CharField("编码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=50)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="管理科室")
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "库房"
        db_table = "logistics_store"
        ordering = ("code",)

    def __str__(self) -> str:
        return self.name


class Batch(models.Model):
    """A lot of an item from one supplier. No expiry is 9999-12-31, so that the key has no null."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期至")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")

    class Meta:
        verbose_name = "批次"
        db_table = "logistics_batch"
        constraints = [
            models.UniqueConstraint(fields=["item", "lot", "expiry", "supplier"], name="logistics_batch_once")
        ]

    def __str__(self) -> str:
        return self.lot or "无批号"


class StockBalance(models.Model):
    """Cache of Σ moves per (store, item, batch), kept in the transaction that writes the moves."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    quantity = QuantityField("数量", default=0)
    amount = MoneyField("金额", default=0)

    class Meta:
        verbose_name = "库存"
        db_table = "logistics_balance"
        constraints = [
            models.UniqueConstraint(fields=["store", "item", "batch"], name="logistics_balance_once"),
            not_negative("quantity", name="logistics_balance_quantity"),
            not_negative("amount", name="logistics_balance_amount"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) | models.Q(amount=0),
                name="logistics_no_amount_without_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity}"


class StockMove(AppendOnlyModel):
    """One movement of one batch in one store. ``source`` is the document; a mirror names the move it reverses."""

    source = models.CharField("来源", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行")
    kind = models.CharField("业务类型", max_length=20)
    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    quantity = QuantityField("数量")
    amount = MoneyField("金额")
    date = models.DateField("日期")
    period = models.ForeignKey(Period, models.PROTECT, related_name="+", verbose_name="会计期间")
    posted_at = models.DateTimeField("过账时间")
    reverses = models.OneToOneField("self", models.PROTECT, related_name="+", null=True, verbose_name="红冲")

    class Meta:
        verbose_name = "库存流水"
        db_table = "logistics_move"
        indexes = [models.Index(fields=["store", "item", "batch"], name="logistics_move_key")]
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity", "amount"), name="logistics_move_is_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"
