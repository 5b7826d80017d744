"""The subledger of stock: moves are the truth, the other tables are kept in the transaction that writes the moves.

Where the value of goods is kept depends on the item's method: valued by batch it lies on the balance of the batch;
valued by average it lies on the store's :class:`Valuation` of the item, with FIFO its :class:`Layer` too, and the
balances of its batches count pieces only. What is never split never has to be put together again.
"""

from __future__ import annotations

from django.db import models

from hrp.logistics.models.items import Item
from hrp.logistics.models.partners import Supplier
from hrp.logistics.models.stores import Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField, QuantityField, is_number, not_negative
from hrp.platform.ledger.models import Period


class Batch(models.Model):
    """A lot of an item from one supplier. No expiry is 9999-12-31, so that the key has no null."""

    class Hold(models.TextChoices):
        NONE = "", "可用"
        FROZEN = "frozen", "冻结"
        QUARANTINE = "quarantine", "待检"
        RECALLED = "recalled", "召回"

    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    lot = models.CharField("批号", max_length=40, blank=True)
    expiry = models.DateField("有效期至")
    supplier = models.ForeignKey(Supplier, models.PROTECT, related_name="+", verbose_name="供应商")
    produced = models.DateField("生产日期", null=True, blank=True)
    sterile_expiry = models.DateField("灭菌效期", null=True, blank=True)
    hold = models.CharField("限制", max_length=10, choices=Hold.choices, blank=True, default="")

    class Meta:
        verbose_name = "批次"
        db_table = "logistics_batch"
        constraints = [
            models.UniqueConstraint(fields=["item", "lot", "expiry", "supplier"], name="logistics_batch_once")
        ]

    def __str__(self) -> str:
        return self.lot or "无批号"


class StockBalance(models.Model):
    """Σ moves per (store, item, batch); ``amount`` only where the item is valued by batch."""

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


class Valuation(models.Model):
    """Quantity and amount of an item in a store, where it is valued by average or FIFO."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    quantity = QuantityField("数量", default=0)
    amount = MoneyField("金额", default=0)

    class Meta:
        verbose_name = "库存价值"
        db_table = "logistics_valuation"
        constraints = [
            models.UniqueConstraint(fields=["store", "item"], name="logistics_valuation_once"),
            not_negative("quantity", name="logistics_valuation_quantity"),
            not_negative("amount", name="logistics_valuation_amount"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) | models.Q(amount=0),
                name="logistics_no_value_without_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity} {self.amount}"


class StockMove(AppendOnlyModel):
    """One movement of one batch in one store. ``source`` is the document; a mirror names the move it reverses."""

    source = models.CharField("来源", max_length=100, db_index=True)
    line_position = models.PositiveSmallIntegerField("单据行")
    kind = models.CharField("业务类型", max_length=30)
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
        indexes = [
            models.Index(fields=["store", "item", "batch"], name="logistics_move_key"),
            models.Index(fields=["period", "store", "item"], name="logistics_move_period"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=is_number("quantity", "amount"), name="logistics_move_is_a_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"


class Layer(models.Model):
    """What is left of one receipt of an item valued first in, first out. ``move`` brought it in."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    move = models.OneToOneField(StockMove, models.PROTECT, related_name="+", verbose_name="来源流水")
    quantity = QuantityField("剩余数量")
    amount = MoneyField("剩余金额")

    class Meta:
        verbose_name = "先进先出层"
        db_table = "logistics_layer"
        indexes = [models.Index(fields=["store", "item", "move"], name="logistics_layer_key")]
        constraints = [
            not_negative("quantity", name="logistics_layer_quantity"),
            not_negative("amount", name="logistics_layer_amount"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0) | models.Q(amount=0),
                name="logistics_no_layer_without_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.quantity} {self.amount}"


class LayerUse(AppendOnlyModel):
    """What one document took of a layer (negative) or gave back to it (positive)."""

    layer = models.ForeignKey(Layer, models.PROTECT, related_name="uses", verbose_name="层")
    source = models.CharField("来源", max_length=100, db_index=True)
    quantity = QuantityField("数量")
    amount = MoneyField("金额")

    class Meta:
        verbose_name = "先进先出层领用"
        db_table = "logistics_layer_use"

    def __str__(self) -> str:
        return f"{self.source} {self.quantity}"
