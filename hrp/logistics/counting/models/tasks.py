"""A count: what is to be counted, what the books said when it was frozen, who counted what, and what came of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Batch, Item, Store
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import QuantityField, is_number, not_negative
from hrp.platform.base.history import tracked


@tracked()
class CountTask(models.Model):
    """盘点任务. ``frozen_at`` is the instant of the snapshot; the store goes on working."""

    class Method(models.TextChoices):
        FULL = "full", "全盘"
        CYCLE = "cycle", "按 ABC 循环"
        RANDOM = "random", "抽盘"

    class State(models.TextChoices):
        COUNTING = "counting", "盘点中"
        DONE = "done", "已完成"
        CANCELLED = "cancelled", "已取消"

    store = models.ForeignKey(Store, models.PROTECT, related_name="+", verbose_name="库房")
    method = models.CharField("方式", max_length=6, choices=Method.choices, default=Method.FULL)
    classes = models.CharField(
        "ABC 类别", max_length=3, blank=True, help_text="循环盘点的类别，如 AB；空为全部"
    )
    sample = models.PositiveSmallIntegerField("抽盘批次数", null=True, blank=True)
    tolerance = QuantityField("两人差异容许", default=0)
    counter_1 = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="盘点人"
    )
    counter_2 = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="第二盘点人",
    )
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="下达人"
    )
    frozen_at = models.DateTimeField("账面时点")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.COUNTING)
    ended_at = models.DateTimeField("结束时间", null=True)
    note = models.CharField("备注", max_length=200, blank=True)

    class Meta:
        verbose_name = "盘点任务"
        db_table = "logistics_count_task"
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["store"], condition=models.Q(state="counting"), name="logistics_one_count_a_store"
            ),
            models.CheckConstraint(
                condition=models.Q(counter_2=None) | ~models.Q(counter_2=models.F("counter_1")),
                name="logistics_two_counters",
            ),
            not_negative("tolerance", name="logistics_count_tolerance"),
        ]

    def __str__(self) -> str:
        return f"{self.store} {self.get_method_display()}#{self.pk}"

    @property
    def counters(self) -> list[int]:
        return [one for one in (self.counter_1_id, self.counter_2_id) if one is not None]


class CountLine(AppendOnlyModel):
    """One batch to be counted, with what the books held of it when the task was frozen."""

    task = models.ForeignKey(CountTask, models.PROTECT, related_name="lines", verbose_name="盘点任务")
    position = models.PositiveIntegerField("行号")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="物资")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="+", verbose_name="批次")
    book = QuantityField("账面数量")

    class Meta:
        verbose_name = "盘点明细"
        db_table = "logistics_count_line"
        ordering = ("position",)
        constraints = [
            models.UniqueConstraint(fields=["task", "batch"], name="logistics_count_line_once"),
            models.UniqueConstraint(fields=["task", "position"], name="logistics_count_line_position"),
            not_negative("book", name="logistics_count_line_book"),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.batch}"


class Count(AppendOnlyModel):
    """What one counter found of one line; ``uuid`` is the device's own, so that a count sent twice counts once."""

    uuid = models.UUIDField("录入号", unique=True)
    line = models.ForeignKey(CountLine, models.PROTECT, related_name="counts", verbose_name="盘点明细")
    counter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="盘点人"
    )
    quantity = QuantityField("实盘数量")
    counted_at = models.DateTimeField("盘点时间")
    received_at = models.DateTimeField("收到时间")
    recount = models.BooleanField("复盘", default=False)

    class Meta:
        verbose_name = "实盘"
        db_table = "logistics_count"
        constraints = [not_negative("quantity", name="logistics_count_quantity")]

    def __str__(self) -> str:
        return f"{self.line} {self.quantity}"


class CountResult(AppendOnlyModel):
    """What holds of a line when the task ended: the count, and the moves between snapshot and count."""

    line = models.OneToOneField(CountLine, models.PROTECT, related_name="result", verbose_name="盘点明细")
    count = models.ForeignKey(Count, models.PROTECT, related_name="+", verbose_name="采用的实盘")
    counted = QuantityField("实盘数量")
    moved = QuantityField("时点后收发")
    difference = QuantityField("差异")

    class Meta:
        verbose_name = "盘点结果"
        db_table = "logistics_count_result"
        constraints = [
            models.CheckConstraint(
                condition=is_number("counted", "moved", "difference"), name="logistics_count_result_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.difference}"
