"""The action log and the blocks that seal it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from hrp.platform.audit.rows import SealableModel
from hrp.platform.base.append_only import AppendOnlyModel


class ActionLog(SealableModel):
    """One act of one actor. Append-only; ``at`` and the stamps are the database's own, not the caller's.

    ``target`` is ``"<kind>:<pk>"`` ("logistics.stock_issue:4711"). The actor's name and duty are copied, because a
    log must read the same after the person is renamed; the key has no database constraint, so that an insert never
    locks the user's row.
    """

    at = models.DateTimeField("时间")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="操作人",
        null=True,
        db_constraint=False,
        db_index=False,
    )
    actor_name = models.CharField("操作人姓名", max_length=50)
    duty = models.CharField("职责", max_length=20, blank=True)
    act = models.CharField("动作", max_length=100)
    target = models.CharField("对象", max_length=120)
    unit_id = models.BigIntegerField("科室", null=True)
    ip = models.CharField("来源地址", max_length=45, blank=True)
    request_id = models.CharField("请求号", max_length=64, blank=True)
    summary = models.CharField("摘要", max_length=500, blank=True)
    data = models.JSONField("明细", default=dict)

    hashed = (
        "id",
        "at",
        "actor",
        "actor_name",
        "duty",
        "act",
        "target",
        "unit_id",
        "ip",
        "request_id",
        "summary",
        "data",
    )

    class Meta:
        verbose_name = "操作日志"
        db_table = "audit_action"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["target", "-id"], name="audit_action_target"),
            models.Index(fields=["actor", "-id"], name="audit_action_actor"),
            BrinIndex(fields=["at"], name="audit_action_at"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.act} {self.target}"


class Block(AppendOnlyModel):
    """A sealed range of rows of one table, chained to the block before it, whatever table that one sealed.

    The rows are those with the block's epoch and ``from_xact <= xact_id < to_xact``; ``root`` is the SHA-256 of
    their hashes in the order (xact_id, id). ``hash`` covers every column here and ``prev_hash``.
    """

    seq = models.BigIntegerField("块号", primary_key=True)
    source = models.CharField("来源表", max_length=63)
    epoch = models.BigIntegerField("集群标识")
    from_xact = models.BigIntegerField("起始事务号")
    to_xact = models.BigIntegerField("截止事务号（不含）")
    count = models.BigIntegerField("行数")
    root = models.BinaryField("根散列")
    prev_hash = models.BinaryField("前块散列")
    hash = models.BinaryField("块散列")
    sealed_at = models.DateTimeField("封存时间")

    class Meta:
        verbose_name = "审计块"
        db_table = "audit_block"
        ordering = ["-seq"]
        constraints = [
            models.UniqueConstraint(fields=["source", "epoch", "to_xact"], name="audit_block_range"),
            models.CheckConstraint(
                condition=models.Q(to_xact__gt=models.F("from_xact")), name="audit_block_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.source} {self.count}"
