"""裁定: what both parties say about a breach. The breach itself never changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from hrp.operations.contracts.models import PARTIES, Side
from hrp.operations.desk.models.tickets import Breach, TicketEvent
from hrp.platform.base.append_only import AppendOnlyModel

OUTCOMES = [("upheld", "维持"), ("excused", "免责"), ("revoked", "撤销")]


class Ruling(AppendOnlyModel):
    """A proposal how a breach is to count. In force once both parties have signed it; the latest in force counts.

    维持: it counts. 免责: it happened, and does not count against the supplier. 撤销: it should not have been recorded.
    ``side`` 系统 is a proposal the contract's reading of a reclassification calls for (I-10). ``event`` is the same
    proposal in the ticket's chain.
    """

    breach = models.ForeignKey(Breach, models.PROTECT, related_name="rulings", verbose_name="超时")
    outcome = models.CharField("裁定", max_length=10, choices=OUTCOMES)
    reason = models.TextField("理由")
    evidence = models.TextField("依据", blank=True)
    side = models.CharField("提出方", max_length=10, choices=Side.choices)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="提出人"
    )
    proposed_at = models.DateTimeField("提出时间")
    event = models.OneToOneField(TicketEvent, models.PROTECT, related_name="+", verbose_name="事件")

    class Meta:
        verbose_name = "裁定"
        db_table = "operations_ruling"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.breach_id} {self.get_outcome_display()}"


class RulingSignature(AppendOnlyModel):
    """One party's signature under a ruling. Whoever proposes signs by proposing; the database takes one per side."""

    ruling = models.ForeignKey(Ruling, models.PROTECT, related_name="signatures", verbose_name="裁定")
    side = models.CharField("所属方", max_length=10, choices=Side.choices)
    signer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="签署人"
    )
    signed_at = models.DateTimeField("签署时间")
    event = models.OneToOneField(TicketEvent, models.PROTECT, related_name="+", verbose_name="事件")

    class Meta:
        verbose_name = "裁定签署"
        db_table = "operations_ruling_signature"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["ruling", "side"], name="operations_ruling_side_once"),
            models.CheckConstraint(condition=Q(side__in=PARTIES), name="operations_ruling_party"),
        ]

    def __str__(self) -> str:
        return f"{self.ruling_id} {self.get_side_display()}"
