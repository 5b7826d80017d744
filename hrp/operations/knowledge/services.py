"""Verbs of the knowledge base: write, review, publish, revise, withdraw; adopt on a ticket, solve without one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from hrp.operations.knowledge import rules, selectors
from hrp.operations.knowledge.models import Article, ArticleVersion, Label, State, Use
from hrp.operations.knowledge.selectors import EDIT, REVIEW, VIEW
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.audit import services as audit
from hrp.platform.base import clock
from hrp.platform.base.refusals import Conflict, Forbidden, Invalid, NotFound, Problem


@dataclass(frozen=True)
class Text:
    """What an article says."""

    title: str
    symptoms: str
    cure: str
    cause: str = ""
    keywords: str = ""


@dataclass(frozen=True)
class Source:
    """The ticket and maintenance record an article was drawn from, by their numbers."""

    ticket: str = ""
    record: str = ""


@transaction.atomic
def draft(
    *, actor: User, text: Text, module: str, label: str = Label.OPEN, source: Source | None = None
) -> ArticleVersion:
    """Begin an article with the draft of its first version. Raises Invalid naming what is missing."""
    scope.require(actor, EDIT)
    _check(text, module, label)
    origin = source or Source()
    article = Article.objects.create(
        module=module.strip(),
        label=label,
        source_ticket=origin.ticket,
        source_record=origin.record,
        created_at=clock.now(),
    )
    version = _write(ArticleVersion(article=article, number=1, author=actor), text)
    _log(actor, "draft", article, f"起草 {text.title}")
    return version


@transaction.atomic
def edit(
    *, actor: User, version: ArticleVersion, text: Text, module: str, label: str = Label.OPEN
) -> ArticleVersion:
    """Rewrite a version not yet published; what was reviewed must be reviewed anew. Only its author may."""
    held = _hold(actor, EDIT, version)
    if held.state == State.PUBLISHED:
        raise Conflict("已发布的文字不能修改", way_out="请点「修订」起草新版本。", code="article_published")
    if held.author_id != actor.pk:
        raise Forbidden(
            f"草稿由 {held.author.display_name} 编写", way_out="请编写人本人修改，或退回并写明意见。"
        )
    _check(text, module, label)
    if held.article.current_id is None:
        Article.objects.filter(pk=held.article_id).update(module=module.strip(), label=label)
    held.state, held.reviewer, held.reviewed_at = State.DRAFT, None, None
    saved = _write(held, text)
    _log(actor, "edit", held.article, f"修改第 {held.number} 版")
    return saved


@transaction.atomic
def revise(*, actor: User, article: Article) -> ArticleVersion:
    """Begin the next version with the text of the current one. Raises Conflict while another one is open."""
    scope.require(actor, EDIT)
    held = Article.objects.select_for_update(of=("self",)).select_related("current").get(pk=article.pk)
    if held.current is None:
        raise Conflict("尚未发布，无需修订", way_out="请直接修改草稿。")
    waiting = ArticleVersion.objects.filter(article=held).exclude(state=State.PUBLISHED).first()
    if waiting is not None:
        raise Conflict(
            f"第 {waiting.number} 版正由 {waiting.author.display_name} 修订", way_out="请在该版本上继续。"
        )
    now = held.current
    text = Text(now.title, now.symptoms, now.cure, now.cause, now.keywords)
    version = _write(ArticleVersion(article=held, number=now.number + 1, author=actor), text)
    _log(actor, "revise", held, f"修订第 {version.number} 版")
    return version


@transaction.atomic
def review(*, actor: User, version: ArticleVersion, approved: bool, opinion: str = "") -> ArticleVersion:
    """Approve a draft, or send it back with an opinion. Nobody reviews what they wrote."""
    held = _hold(actor, REVIEW, version)
    if held.author_id == actor.pk:
        raise Forbidden("不能审核自己编写的知识", way_out="请另一人审核。")
    if held.state == State.PUBLISHED or (approved and held.state == State.REVIEWED):
        raise Conflict(f"该版本{held.get_state_display()}", way_out="请刷新页面。")
    if not approved and not opinion.strip():
        raise Invalid(
            "退回须写明意见", way_out="请写明要改什么。", problems=[Problem("必填", field="opinion")]
        )
    held.state = State.REVIEWED if approved else State.DRAFT
    held.reviewer, held.reviewed_at, held.opinion = actor, clock.now(), opinion.strip()[:200]
    held.save(update_fields=["state", "reviewer", "reviewed_at", "opinion"])
    _log(actor, "review", held.article, f"{'审核通过' if approved else '退回'}第 {held.number} 版")
    return held


@transaction.atomic
def publish(*, actor: User, version: ArticleVersion) -> ArticleVersion:
    """Publish a reviewed version: from now on it is the article, and its text stands for ever."""
    held = _hold(actor, REVIEW, version)
    if held.state != State.REVIEWED:
        raise Conflict(
            f"该版本为「{held.get_state_display()}」，不能发布", way_out="请先由编写人以外的人审核通过。"
        )
    held.state, held.publisher, held.published_at = State.PUBLISHED, actor, clock.now()
    held.save(update_fields=["state", "publisher", "published_at"])
    Article.objects.filter(pk=held.article_id).update(current=held)
    _log(actor, "publish", held.article, f"发布第 {held.number} 版 {held.title}")
    return held


@transaction.atomic
def discard(*, actor: User, version: ArticleVersion) -> None:
    """Throw away a version that was never published; an article without any goes with it."""
    held = _hold(actor, EDIT, version)
    if held.state == State.PUBLISHED:
        raise Conflict("已发布的版本不能删除", way_out="不再适用的请「下架」。", code="article_published")
    if held.author_id != actor.pk:
        raise Forbidden(f"草稿由 {held.author.display_name} 编写", way_out="请编写人本人删除。")
    article = held.article
    held.delete()
    if article.current_id is None:
        article.delete()
    _log(actor, "discard", held.article, f"删除草稿 {held.title}")


@transaction.atomic
def switch(*, actor: User, article: Article, active: bool, reason: str = "") -> Article:
    """Take a published article out of use with a reason, or bring it back. Its versions and uses stay."""
    scope.require(actor, REVIEW)
    held = Article.objects.select_for_update().get(pk=article.pk)
    if not active and not reason.strip():
        raise Invalid(
            "下架须写明原因", way_out="例如随版本更新已不适用。", problems=[Problem("必填", field="reason")]
        )
    held.is_active, held.withdrawn_reason = active, "" if active else reason.strip()[:200]
    held.save(update_fields=["is_active", "withdrawn_reason"])
    _log(actor, "switch", held, "恢复使用" if active else f"下架：{reason.strip()}")
    return held


@transaction.atomic
def relabel(*, actor: User, article: Article, label: str) -> Article:
    """Change who may read an article."""
    scope.require(actor, REVIEW)
    if label not in Label.values:
        raise Invalid("没有这种密级", way_out="请从列表选择。")
    held = Article.objects.select_for_update().get(pk=article.pk)
    held.label = label
    held.save(update_fields=["label"])
    _log(actor, "relabel", held, f"密级改为{held.get_label_display()}")
    return held


@transaction.atomic
def adopt(*, actor: User, article: Article, ticket_number: str, unit_id: int | None) -> Use:
    """Note that a ticket is solved with the article. Once per ticket: a second time is refused with Conflict."""
    held, version = _in_use(actor, article)
    if Use.objects.filter(article=held, kind="adopted", ticket_number=ticket_number).exists():
        raise Conflict(f"工单 {ticket_number} 已采用 {held.number}", way_out="无需重复采用。")
    use = _use(actor, version, kind="adopted", ticket_number=ticket_number, org_unit_id=unit_id)
    _log(actor, "adopt", held, f"工单 {ticket_number} 采用 {held.number}")
    return use


@transaction.atomic
def deflect(*, actor: User, article: Article, words: str = "") -> Use:
    """Note that the article has answered somebody, who needs no ticket; said twice on one day it counts once."""
    held, version = _in_use(actor, article)
    today = clock.start_of_day(clock.today())
    known = Use.objects.filter(article=held, kind="deflected", by=actor, at__gte=today).first()
    if known is not None:
        return known
    use = _use(actor, version, kind="deflected", words=words.strip()[:100], org_unit_id=actor.unit_id)
    _log(actor, "deflect", held, f"{held.number} 已解决问题，未报修")
    return use


def _in_use(actor: User, article: Article) -> tuple[Article, ArticleVersion]:
    """The article locked, with its current version. Raises NotFound beyond the reader's labels, Conflict when withdrawn."""
    scope.require(actor, VIEW)
    allowed = selectors.labels_for(actor)
    held = (
        Article.objects.select_for_update(of=("self",))
        .select_related("current")
        .filter(pk=article.pk)
        .first()
    )
    if held is None or held.label not in allowed or held.current is None:
        raise NotFound("没有找到这条知识", way_out="请返回知识库查找。")
    if not held.is_active:
        raise Conflict(f"{held.number} 已下架：{held.withdrawn_reason}", way_out="请另选一条。")
    return held, held.current


def _use(actor: User, version: ArticleVersion, **facts: object) -> Use:
    return Use.objects.create(article=version.article, version=version, by=actor, at=clock.now(), **facts)


def _hold(actor: User, permission: str, version: ArticleVersion) -> ArticleVersion:
    scope.require(actor, permission)
    held = (
        ArticleVersion.objects.select_for_update(of=("self",))
        .select_related("article", "author")
        .filter(pk=version.pk)
        .first()
    )
    if held is None:
        raise NotFound("没有找到该版本", way_out="请返回知识库刷新。")
    return held


def _write(version: ArticleVersion, text: Text) -> ArticleVersion:
    version.title, version.symptoms, version.cure = (
        text.title.strip(),
        text.symptoms.strip(),
        text.cure.strip(),
    )
    version.cause, version.keywords = text.cause.strip(), text.keywords.strip()
    version.written_at = clock.now()
    version.search = rules.lexemes(
        (
            ("A", version.title),
            ("B", version.keywords),
            ("C", version.symptoms),
            ("D", f"{version.cause} {version.cure}"),
        )
    )
    version.save()
    return version


def _check(text: Text, module: str, label: str) -> None:
    problems = [
        Problem(f"请填写{title}", field=name)
        for name, title, value in (
            ("title", "标题", text.title),
            ("symptoms", "现象", text.symptoms),
            ("cure", "解决办法", text.cure),
            ("module", "系统", module),
        )
        if not value.strip()
    ]
    problems += [
        Problem(f"最多 {most} 字", field=name)
        for name, value, most in (
            ("title", text.title, 100),
            ("keywords", text.keywords, 200),
            ("module", module, 50),
        )
        if len(value.strip()) > most
    ]
    if label not in Label.values:
        problems.append(Problem("请选择密级", field="label"))
    if problems:
        raise Invalid("知识不完整", way_out="请补齐标红的各项。", problems=problems)


def _log(actor: User, act: str, article: Article, summary: str) -> None:
    audit.record(
        actor=actor,
        act=f"operations.article.{act}",
        target=f"operations.article:{article.pk}",
        summary=summary,
    )
