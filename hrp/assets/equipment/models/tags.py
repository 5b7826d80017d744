"""停用标签: why a machine may not be used, proposed, hung and taken down."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.assets.models import Asset
from hrp.assets.models.cards import Status
from hrp.platform.base.history import tracked


@tracked()
class StopTag(models.Model):
    """One reason to stop one machine. While a tag hangs, its card is 停用."""

    class Reason(models.TextChoices):
        CONTROL = "control", "质控不合格"
        METROLOGY = "metrology", "计量超期"
        CERTIFICATE = "certificate", "检定不合格"
        ADVERSE = "adverse", "不良事件"
        RECALL = "recall", "召回与安全通知"
        REPAIR = "repair", "维修停用"
        OTHER = "other", "其他"

    class State(models.TextChoices):
        PROPOSED = "proposed", "建议停用"
        HUNG = "hung", "停用中"
        LIFTED = "lifted", "已解除"
        DISMISSED = "dismissed", "未采纳"

    asset = models.ForeignKey(Asset, models.PROTECT, related_name="+", verbose_name="设备")
    reason = models.CharField("原因", max_length=12, choices=Reason.choices)
    text = models.CharField("说明", max_length=300)
    source = models.CharField("来源", max_length=100, blank=True)
    state = models.CharField("状态", max_length=10, choices=State.choices)
    status_before = models.CharField("挂牌前状态", max_length=10, choices=Status.choices, blank=True)
    made_at = models.DateTimeField("提出时间")
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人"
    )
    hung_at = models.DateTimeField("挂牌时间", null=True, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="解除人"
    )  # fmt: skip
    ending = models.CharField("解除依据", max_length=300, blank=True)

    class Meta:
        verbose_name = "停用标签"
        db_table = "assets_stop_tag"
        ordering = ("-id",)
        indexes = [models.Index(fields=["asset", "state"], name="assets_stop_tag_asset")]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "reason"], condition=Q(state__in=("proposed", "hung")), name="assets_stop_tag_one"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("proposed", "hung"), ended_at=None)
                | (Q(state__in=("lifted", "dismissed"), ended_at__isnull=False, ended_by__isnull=False) & ~Q(ending="")),
                name="assets_stop_tag_ended_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state="hung") | Q(hung_at__isnull=False), name="assets_stop_tag_hung_when"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.asset}"
