"""Reads of the knowledge base. What an article's label keeps from somebody looks as if it did not exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import BooleanField, Count, F, IntegerField, Q, QuerySet
from django.db.models.expressions import RawSQL

from hrp.operations.contracts import selectors as contracts
from hrp.operations.knowledge import rules
from hrp.operations.knowledge.models import Article, ArticleVersion, Label, State, Use
from hrp.operations.knowledge.rules import Part
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import NotFound

VIEW, EDIT, REVIEW = "operations.article.view", "operations.article.edit", "operations.article.review"

ENOUGH = 0.34
"""The share of a sentence's words an article must hold to be suggested for it."""

_CANDIDATES = 30


@dataclass(frozen=True)
class Hit:
    """A published article as found: marked title and text, and how often it has helped."""

    version: ArticleVersion
    title: list[Part]
    text: list[Part]
    uses: int


def labels_for(actor: User) -> list[str]:
    """The labels this person may read: beyond the open ones only for people of the contract."""
    known = actor.is_machine or bool(contracts.side_of(actor))
    return [label.value for label in Label] if known else [Label.OPEN.value]


def published(actor: User) -> QuerySet[ArticleVersion]:
    """The current version of every article in use that this person may read."""
    scope.require(actor, VIEW)
    return (
        ArticleVersion.objects.filter(
            pk=F("article__current_id"), article__is_active=True, article__label__in=labels_for(actor)
        )
        .select_related("article", "author", "reviewer")
        .defer("search")
    )


def search(actor: User, text: str, *, module: str = "", limit: int = 20) -> list[Hit]:
    """The articles that hold all the words of ``text``, best first; failing those, the ones that hold enough of it."""
    found = _in_module(published(actor), module)
    if not rules.runs(text):
        return hits(found.order_by("-published_at")[:limit], "")
    exact = list(_ranked(found, rules.every_word(text))[:limit])
    return hits(exact or _near(found, text, limit), text)


def suggest(actor: User, title: str, *, module: str = "", limit: int = 3) -> list[Hit]:
    """Articles for a fault as somebody begins to describe it; of its system first, none that fits badly."""
    if len("".join(rules.runs(title))) < 2:
        return []
    found = published(actor)
    near = _near(found, title, _CANDIDATES)
    near.sort(key=lambda version: version.article.module != module)  # stable: rank stays within each half
    return hits(near[:limit], title)


def _in_module(found: QuerySet[ArticleVersion], module: str) -> QuerySet[ArticleVersion]:
    return found.filter(article__module=module) if module else found


def _ranked(found: QuerySet[ArticleVersion], query: str) -> QuerySet[ArticleVersion]:
    matches = RawSQL("operations_article_version.search @@ %s::tsquery", [query], BooleanField())
    weight = "round(ts_rank(operations_article_version.search, %s::tsquery) * 1000000)::int"
    rank = RawSQL(weight, [query], IntegerField())  # noqa: S611 - the query is a parameter
    return found.filter(matches).annotate(rank=rank).order_by("-rank", "-published_at", "-pk")


def _near(found: QuerySet[ArticleVersion], text: str, limit: int) -> list[ArticleVersion]:
    weighed = [
        (rules.coverage(text, f"{one.title} {one.keywords} {one.symptoms}"), one)
        for one in _ranked(found, rules.any_word(text))[:_CANDIDATES]
    ]
    weighed.sort(key=lambda pair: -pair[0])
    return [one for share, one in weighed if share >= ENOUGH][:limit]


def hits(versions: Sequence[ArticleVersion] | QuerySet[ArticleVersion], asked: str) -> list[Hit]:
    """The versions as shown, with the uses of their articles counted in one query."""
    shown = list(versions)
    counted = dict(
        Use.objects.filter(article__in=[one.article_id for one in shown])
        .values_list("article_id")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return [
        Hit(
            one,
            rules.highlight(one.title, asked),
            rules.snippet(_text(one, asked), asked),
            counted.get(one.article_id, 0),
        )
        for one in shown
    ]


def _text(version: ArticleVersion, asked: str) -> str:
    """The part of the article that answers best; without a question, what the fault looks like."""
    texts = (version.symptoms, version.cure, version.cause)
    return max(texts, key=lambda text: rules.coverage(asked, text)) if asked else version.symptoms


def open_versions(actor: User, state: State) -> QuerySet[ArticleVersion]:
    """Drafts, or reviewed versions waiting to be published, for those who write or review."""
    scope.require(actor, VIEW)
    if not (scope.has(actor, EDIT) or scope.has(actor, REVIEW)):
        return ArticleVersion.objects.none()
    return (
        ArticleVersion.objects.filter(state=state, article__label__in=labels_for(actor))
        .select_related("article", "author", "reviewer")
        .defer("search")
        .order_by("-written_at")
    )


def withdrawn(actor: User) -> QuerySet[ArticleVersion]:
    """The last published version of articles no longer in use."""
    scope.require(actor, VIEW)
    return (
        ArticleVersion.objects.filter(
            pk=F("article__current_id"), article__is_active=False, article__label__in=labels_for(actor)
        )
        .select_related("article", "author", "reviewer")
        .defer("search")
    )


def article(actor: User, pk: int) -> Article:
    """One article. Raises NotFound, also for one whose label keeps it from this person or that is a draft only."""
    scope.require(actor, VIEW)
    found = Article.objects.filter(pk=pk, label__in=labels_for(actor)).select_related("current").first()
    writes = scope.has(actor, EDIT) or scope.has(actor, REVIEW)
    if found is None or (found.current is None and not writes):
        raise NotFound("没有找到这条知识", way_out="请返回知识库查找。")
    return found


def versions(found: Article) -> list[ArticleVersion]:
    return list(
        ArticleVersion.objects.filter(article=found)
        .select_related("author", "reviewer", "publisher")
        .defer("search")
        .order_by("-number")
    )


def uses(found: Article, actor: User) -> QuerySet[Use]:
    """Whom the article has helped, newest first, in the departments ``actor`` may see."""
    rows = Use.objects.filter(article=found).select_related("by", "org_unit").order_by("-at", "-pk")
    return scope.filter(actor, VIEW, rows)


def adopted(ticket_number: str) -> list[Use]:
    """The articles adopted on a ticket, oldest first."""
    found = Use.objects.filter(kind="adopted", ticket_number=ticket_number)
    return list(found.select_related("article", "version", "by").order_by("at"))


def faq(actor: User) -> list[tuple[str, list[ArticleVersion]]]:
    """常见问题: the open articles by system, those that helped most first."""
    found = (
        published(actor)
        .filter(article__label=Label.OPEN)
        .annotate(helped=Count("article__uses"))
        .order_by("article__module", "-helped", "title")
    )
    grouped: dict[str, list[ArticleVersion]] = {}
    for one in found:
        grouped.setdefault(one.article.module, []).append(one)
    return list(grouped.items())


def counts(actor: User) -> dict[str, Any]:
    """How many articles stand where, and how often one has helped."""
    return {
        "published": published(actor).count(),
        "draft": open_versions(actor, State.DRAFT).count(),
        "reviewed": open_versions(actor, State.REVIEWED).count(),
        "withdrawn": withdrawn(actor).count(),
        **Use.objects.aggregate(
            adopted=Count("pk", filter=Q(kind="adopted")), deflected=Count("pk", filter=Q(kind="deflected"))
        ),
    }
