"""Articles, their versions, and what use was made of them."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q

from hrp.platform.base import clock
from hrp.platform.base.append_only import AppendOnlyModel
from hrp.platform.base.history import tracked
from hrp.platform.org.models import OrgUnit


class Label(models.TextChoices):
    """Who may read an article (三(二)6(3)). Only open ones are suggested to departments and printed."""

    OPEN = "open", "院内公开"
    PARTIES = "parties", "仅合同双方"
    SECRET = "secret", "保密信息"


class State(models.TextChoices):
    DRAFT = "draft", "草稿"
    REVIEWED = "reviewed", "已审核"
    PUBLISHED = "published", "已发布"


@tracked()
class Article(models.Model):
    """A piece of knowledge; what it says stands in its versions. ``current`` is the one last published."""

    module = models.CharField("系统", max_length=50)
    label = models.CharField("密级", max_length=10, choices=Label.choices, default=Label.OPEN)
    current = models.OneToOneField(
        "knowledge.ArticleVersion",
        models.PROTECT,
        related_name="+",
        verbose_name="当前版本",
        null=True,
        blank=True,
    )
    source_ticket = models.CharField("来源工单", max_length=30, blank=True)
    source_record = models.CharField("来源维护记录", max_length=30, blank=True)
    is_active = models.BooleanField("有效", default=True)
    withdrawn_reason = models.CharField("下架原因", max_length=200, blank=True)
    created_at = models.DateTimeField("建立时间", default=clock.now)

    class Meta:
        verbose_name = "知识"
        db_table = "operations_article"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"ZS{self.pk:05d}"


class ArticleVersion(models.Model):
    """One text of an article. The database refuses every change once it is published.

    ``search`` holds the lexemes of :mod:`hrp.operations.knowledge.rules`; only it may be computed anew.
    """

    article = models.ForeignKey(Article, models.PROTECT, related_name="versions", verbose_name="知识")
    number = models.PositiveIntegerField("版本")
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.DRAFT)
    title = models.CharField("标题", max_length=100)
    symptoms = models.TextField("现象")
    cause = models.TextField("原因", blank=True)
    cure = models.TextField("解决办法")
    keywords = models.CharField("关键词", max_length=200, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="编写人"
    )
    written_at = models.DateTimeField("编写时间")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="审核人",
        null=True,
        blank=True,
    )
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)
    opinion = models.CharField("审核意见", max_length=200, blank=True)
    publisher = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name="发布人",
        null=True,
        blank=True,
    )
    published_at = models.DateTimeField("发布时间", null=True, blank=True)
    search = SearchVectorField("检索词")

    class Meta:
        verbose_name = "知识版本"
        db_table = "operations_article_version"
        ordering = ["article_id", "-number"]
        indexes = [GinIndex(fields=["search"], name="operations_article_search")]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="operations_article_number"),
            models.UniqueConstraint(
                fields=["article"], condition=~Q(state="published"), name="operations_article_one_open"
            ),
            models.CheckConstraint(
                condition=Q(reviewer__isnull=True) | ~Q(reviewer=F("author")),
                name="operations_article_other_reviewer",
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(reviewer__isnull=False, reviewed_at__isnull=False),
                name="operations_article_reviewed",
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(publisher__isnull=False, published_at__isnull=False),
                name="operations_article_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}（第 {self.number} 版）"


class Use(AppendOnlyModel):
    """An article that helped: adopted on a ticket, or read in time so that no ticket was needed (deflected)."""

    KINDS = [("adopted", "工单采用"), ("deflected", "自行解决")]

    article = models.ForeignKey(Article, models.PROTECT, related_name="uses", verbose_name="知识")
    version = models.ForeignKey(ArticleVersion, models.PROTECT, related_name="+", verbose_name="版本")
    kind = models.CharField("方式", max_length=10, choices=KINDS)
    ticket_number = models.CharField("工单号", max_length=30, blank=True)
    org_unit = models.ForeignKey(
        OrgUnit, models.PROTECT, related_name="+", verbose_name="科室", null=True, blank=True
    )
    words = models.CharField("所问", max_length=100, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="使用人")
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "知识使用"
        db_table = "operations_article_use"
        ordering = ["-at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["article", "ticket_number"],
                condition=Q(kind="adopted"),
                name="operations_article_adopted_once",
            ),
            models.CheckConstraint(
                condition=Q(kind="adopted") & ~Q(ticket_number="")
                | Q(kind="deflected") & Q(ticket_number=""),
                name="operations_article_use_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.get_kind_display()}"
