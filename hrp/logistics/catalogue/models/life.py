"""The life of an item: each step with who, when, why."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from hrp.logistics.models import Item
from hrp.platform.base.append_only import AppendOnlyModel


class Stage(models.TextChoices):
    """``Item.status`` says what may be done with it; the stage also says where its admission stands."""

    DRAFT = "draft", "待提交"
    QUALIFICATION = "qualification", "资质审核"
    COMMITTEE = "committee", "委员会遴选"
    ACTIVE = "active", "使用中"
    FROZEN = "frozen", "暂停"
    RETIRED = "retired", "已淘汰"


class ItemDecision(AppendOnlyModel):
    """A step in the life of an item."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="decisions", verbose_name="物资")
    before = models.CharField("原状态", max_length=14, choices=Stage.choices, blank=True)
    after = models.CharField("新状态", max_length=14, choices=Stage.choices)
    reason = models.CharField("原因 / 意见", max_length=300, blank=True)
    meeting = models.CharField("会议", max_length=100, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="办理人"
    )
    decided_at = models.DateTimeField("办理时间")

    class Meta:
        verbose_name = "物资历程"
        db_table = "logistics_item_decision"
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.item_id} {self.after}"
