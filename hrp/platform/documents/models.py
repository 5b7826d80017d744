"""The abstract document, and the tables shared by all documents: routes, approvals, reversals, numbers, attachments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from hrp.platform.access.models import Role
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.fields import MoneyField
from hrp.platform.documents.spec import DocumentSpec, PostingContext
from hrp.platform.ledger.drafts import EntryDraft
from hrp.platform.org.models import Campus, OrgUnit


class State(models.TextChoices):
    DRAFT = "draft", "草稿"
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "已驳回"
    APPROVED = "approved", "已审核"
    POSTED = "posted", "已过账"
    REVERSED = "reversed", "已红冲"
    VOID = "void", "已作废"


class Document(models.Model):
    """Base of every document header. Subclasses set ``spec`` and ``line_model`` and implement the four hooks."""

    spec: ClassVar[DocumentSpec]

    number = models.CharField("单据编号", max_length=32, null=True, blank=True, unique=True)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+", verbose_name="院区")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    business_date = models.DateField("业务日期")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField("版本", default=1)
    total = MoneyField("金额", default=0)
    note = models.CharField("备注", max_length=300, blank=True)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="制单人"
    )
    created_at = models.DateTimeField("制单时间")
    updated_at = models.DateTimeField("修改时间")
    submitted_at = models.DateTimeField("提交时间", null=True, blank=True)
    posted_at = models.DateTimeField("过账时间", null=True, blank=True)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="过账人",
    )
    posted_version = models.PositiveIntegerField(null=True, blank=True, editable=False)
    print_count = models.PositiveIntegerField("打印次数", default=0)

    class Meta:
        abstract = True
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.spec.title} {self.display_number}"

    @property
    def display_number(self) -> str:
        return self.number or f"草稿#{self.pk}"

    @property
    def source(self) -> str:
        """The name under which facts and entries point back here: ``"logistics.stock_issue:4711"``."""
        return f"{self.spec.kind}:{self.pk}"

    # -- the four hooks of a document type ---------------------------------------------------------------------

    def validate(self, lines: Sequence[Any]) -> None:
        """Refuse what can be refused without the database's help. Called at save with unsaved or saved lines."""

    def compute(self, lines: Sequence[Any]) -> None:
        """Fill derived header and line fields (amounts, ``total``) before a save."""

    def apply(self, ctx: PostingContext) -> Any:
        """Write the module's own subledger under sorted locks and return the facts."""
        return None

    def entries(self, facts: Any) -> list[EntryDraft]:
        """Facts to journal entries. Pure. May be empty for documents that move no value."""
        return []

    def mirror(self, ctx: PostingContext) -> None:
        """Write the exact mirror of the facts ``apply`` wrote; refuse when the world no longer allows it."""


class DocumentLine(models.Model):
    """Base of every document line; subclasses add ``document = ForeignKey(..., CASCADE, related_name="lines")``."""

    position = models.PositiveSmallIntegerField("行号")

    class Meta:
        abstract = True
        ordering = ("position",)


class NumberCounter(models.Model):
    """Last number given per (kind, campus, month). Locked by the posting that draws from it, hence gap-free."""

    kind = models.CharField(max_length=60)
    campus = models.ForeignKey(Campus, models.PROTECT, related_name="+")
    month = models.CharField(max_length=6)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "documents_number"
        constraints = [
            models.UniqueConstraint(fields=["kind", "campus", "month"], name="documents_number_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.month} {self.last}"


class ApprovalRoute(models.Model):
    """Which levels a document passes: by type, org unit (and everything under it) and amount, newest match wins."""

    kind = models.CharField("单据类型", max_length=60)
    title = models.CharField("名称", max_length=60)
    org_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="适用科室（空为全院）"
    )
    amount_from = MoneyField("金额下限（含）", default=0)
    amount_below = MoneyField("金额上限（不含）", null=True, blank=True)
    is_active = models.BooleanField("启用", default=True)

    class Meta:
        verbose_name = "审批流程"
        db_table = "documents_approval_route"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_below=None) | models.Q(amount_below__gt=models.F("amount_from")),
                name="documents_route_amounts",
            )
        ]

    def __str__(self) -> str:
        return self.title


class ApprovalLevel(models.Model):
    """One level of a route: holders of ``role`` whose scope covers the document's unit may decide it."""

    route = models.ForeignKey(ApprovalRoute, models.CASCADE, related_name="levels", verbose_name="流程")
    position = models.PositiveSmallIntegerField("级次")
    title = models.CharField("环节", max_length=40)
    role = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name="审批角色")

    class Meta:
        verbose_name = "审批环节"
        db_table = "documents_approval_level"
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=["route", "position"], name="documents_level_position")]

    def __str__(self) -> str:
        return self.title


class ApprovalTask(models.Model):
    """One level of one submission of one document. Decided once; maker and approver are never the same person."""

    class State(models.TextChoices):
        WAITING = "waiting", "等待"
        PENDING = "pending", "待审核"
        APPROVED = "approved", "通过"
        RETURNED = "returned", "驳回"
        CANCELLED = "cancelled", "撤回"

    kind = models.CharField("单据类型", max_length=60)
    document_id = models.BigIntegerField("单据")
    submission = models.PositiveIntegerField("提交版本")
    position = models.PositiveSmallIntegerField("级次")
    title = models.CharField("环节", max_length=40)
    role = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name="审批角色")
    org_unit = models.ForeignKey(OrgUnit, models.PROTECT, related_name="+", verbose_name="科室")
    summary = models.CharField("单据", max_length=200)
    amount = MoneyField("金额", default=0)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="制单人"
    )
    state = models.CharField("状态", max_length=10, choices=State.choices)
    created_at = models.DateTimeField("提交时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name="审核人",
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True, blank=True, verbose_name="代理"
    )
    decided_at = models.DateTimeField("审核时间", null=True, blank=True)
    opinion = models.CharField("意见", max_length=300, blank=True)

    class Meta:
        verbose_name = "审批任务"
        db_table = "documents_approval_task"
        ordering = ("document_id", "submission", "position")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "document_id", "submission", "position"], name="documents_task_once"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("maker")),
                name="documents_maker_is_not_approver",
            ),
        ]
        indexes = [models.Index(fields=["state", "role"], name="documents_task_state")]

    def __str__(self) -> str:
        return f"{self.summary} · {self.title}"


class Delegation(models.Model):
    """While it lasts, ``deputy`` may decide what ``principal`` may decide."""

    principal = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="委托人"
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="代理人"
    )
    valid_from = models.DateField("开始")
    valid_to = models.DateField("结束")
    reason = models.CharField("事由", max_length=100)

    class Meta:
        verbose_name = "审批代理"
        db_table = "documents_delegation"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__gte=models.F("valid_from")), name="documents_delegation_days"
            ),
            models.CheckConstraint(
                condition=~models.Q(principal=models.F("deputy")), name="documents_delegation_other"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal} → {self.deputy}"


class Reversal(AppendOnlyModel):
    """A 红冲: the numbered act that mirrored a posted document. At most one per document."""

    kind = models.CharField("单据类型", max_length=60)
    document_id = models.BigIntegerField("原单据")
    number = models.CharField("红冲编号", max_length=32, unique=True)
    on = models.DateField("红冲日期")
    reason = models.CharField("原因", max_length=300)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="红冲人"
    )
    recorded_at = models.DateTimeField("红冲时间")

    class Meta:
        verbose_name = "红冲"
        db_table = "documents_reversal"
        constraints = [
            models.UniqueConstraint(fields=["kind", "document_id"], name="documents_reversed_once")
        ]

    def __str__(self) -> str:
        return self.number


class Attachment(models.Model):
    """A file beside a document, stored outside the web root under a random name."""

    kind = models.CharField("单据类型", max_length=60)
    document_id = models.BigIntegerField("单据")
    name = models.CharField("文件名", max_length=200)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("大小")
    mime = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人"
    )
    uploaded_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "附件"
        db_table = "documents_attachment"
        indexes = [models.Index(fields=["kind", "document_id"], name="documents_attachment_of")]

    def __str__(self) -> str:
        return self.name


class PrintLog(AppendOnlyModel):
    """Each print of a document: the form says how many times it was printed before."""

    kind = models.CharField("单据类型", max_length=60)
    document_id = models.BigIntegerField("单据")
    copy_number = models.PositiveIntegerField("第几次")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="打印人"
    )
    printed_at = models.DateTimeField("打印时间")

    class Meta:
        verbose_name = "打印记录"
        db_table = "documents_print"

    def __str__(self) -> str:
        return f"{self.kind}:{self.document_id} 第{self.copy_number}次"
