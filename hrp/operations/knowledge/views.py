"""The pages of the knowledge base: find, read, write; and the suggestions beside the form of a new ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hrp.operations.contracts import selectors as contracts
from hrp.operations.contracts.defaults import default_terms
from hrp.operations.knowledge import printing, selectors, services
from hrp.operations.knowledge.models import Article, ArticleVersion, Label, State
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base import clock
from hrp.platform.base.refusals import Invalid, NotFound, Refusal
from hrp.platform.ui.actors import actor_of
from hrp.platform.ui.views import errors

_MOST = 50
_TITLES = {"published": "已发布", "reviewed": "待发布", "draft": "草稿与待审核", "withdrawn": "已下架"}


@dataclass(frozen=True)
class Tab:
    key: str
    title: str
    count: int
    on: bool


def modules() -> tuple[str, ...]:
    """The systems of the contract in force, as shipped without one."""
    version = contracts.version_in_force(clock.now())
    return (contracts.terms_of(version) if version else default_terms()).modules


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Search first; behind the tabs, what is being written."""
    actor = actor_of(request)
    scope.require(actor, selectors.VIEW)
    words, module = request.GET.get("q", "").strip()[:100], request.GET.get("module", "")
    writes = scope.has(actor, selectors.EDIT) or scope.has(actor, selectors.REVIEW)
    tab = request.GET.get("tab", "published")
    tab = tab if tab in _TITLES and (writes or tab == "published") else "published"
    counts = selectors.counts(actor)
    context = {
        "page_title": _("知识库"),
        "hits": _found(actor, tab, words, module),
        "tabs": [
            Tab(key, title, counts[key], key == tab) for key, title in _TITLES.items() if writes or key == tab
        ],
        "tab": tab,
        "words": words,
        "module": module,
        "modules": modules(),
        "counts": counts,
        "may_write": scope.has(actor, selectors.EDIT),
    }
    return render(request, "knowledge/list.html", context)


def _found(actor: User, tab: str, words: str, module: str) -> list[selectors.Hit]:
    match tab:
        case "draft" | "reviewed":
            return selectors.hits(selectors.open_versions(actor, State(tab))[:_MOST], words)
        case "withdrawn":
            return selectors.hits(selectors.withdrawn(actor)[:_MOST], words)
    return selectors.search(actor, words, module=module, limit=_MOST)


@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One article, in its current version or another by number."""
    actor = actor_of(request)
    article = selectors.article(actor, pk)
    shown = _version(request, article)
    open_version = next((one for one in selectors.versions(article) if one.state != State.PUBLISHED), None)
    context = {
        "page_title": shown.title,
        "article": article,
        "version": shown,
        "versions": selectors.versions(article),
        "uses": selectors.uses(article, actor)[:20],
        "adopted": article.uses.filter(kind="adopted").count(),
        "deflected": article.uses.filter(kind="deflected").count(),
        "may_write": scope.has(actor, selectors.EDIT),
        "may_review": scope.has(actor, selectors.REVIEW),
        "mine": shown.author_id == actor.pk,
        "open_version": open_version,
        "labels": Label.choices,
        "words": request.GET.get("q", "")[:100],
    }
    return render(request, "knowledge/article.html", context)


def _version(request: HttpRequest, article: Article) -> ArticleVersion:
    found = selectors.versions(article)
    wanted = request.GET.get("version", "")
    chosen = next((one for one in found if str(one.number) == wanted), None)
    if chosen is not None and (
        chosen.state == State.PUBLISHED or scope.has(actor_of(request), selectors.EDIT)
    ):
        return chosen
    current = next((one for one in found if one.pk == article.current_id), None)
    return current or found[0]


@require_http_methods(["GET", "POST"])
def write(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Write a new article, or rewrite the open version of one."""
    actor = actor_of(request)
    scope.require(actor, selectors.EDIT)
    version = _open_version(actor, pk) if pk is not None else None
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            saved = _save(actor, version, request.POST)
        except Invalid as invalid:
            refusal = invalid
        else:
            messages.success(request, _("已保存 {number}，请另一人审核").format(number=saved.article.number))
            return redirect(_url(saved))
    given: Mapping[str, Any] = request.POST if refusal else _given(version)
    context = {
        "page_title": _("编写知识") if version is None else _("修改 {title}").format(title=version.title),
        "version": version,
        "given": given,
        "bad": {problem.field: problem.message for problem in refusal.problems} if refusal else {},
        "refusal": refusal,
        "modules": modules(),
        "labels": Label.choices,
    }
    return render(request, "knowledge/write.html", context, status=refusal.status if refusal else 200)


def _open_version(actor: User, pk: int) -> ArticleVersion:
    article = selectors.article(actor, pk)
    found = next((one for one in selectors.versions(article) if one.state != State.PUBLISHED), None)
    if found is None:
        raise NotFound(_("这条知识没有草稿"), way_out=_("请先点「修订」。"))
    return found


def _given(version: ArticleVersion | None) -> dict[str, Any]:
    if version is None:
        return {"label": Label.OPEN.value}
    names = ("title", "symptoms", "cause", "cure", "keywords")
    return {name: getattr(version, name) for name in names} | {
        "module": version.article.module,
        "label": version.article.label,
    }


def _save(actor: User, version: ArticleVersion | None, given: QueryDict) -> ArticleVersion:
    text = services.Text(
        *(given.get(name, "").strip()[:8000] for name in ("title", "symptoms", "cure", "cause", "keywords"))
    )
    module, label = given.get("module", ""), given.get("label", "")
    if version is None:
        return services.draft(actor=actor, text=text, module=module, label=label)
    return services.edit(actor=actor, version=version, text=text, module=module, label=label)


def _url(version: ArticleVersion) -> str:
    return f"{reverse('operations.knowledge.article', args=[version.article_id])}?version={version.number}"


ACTS = ("revise", "approve", "return", "publish", "discard", "withdraw", "restore", "relabel")


@require_POST
def act(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """A button of the article's page."""
    actor = actor_of(request)
    if code not in ACTS:
        raise NotFound(_("没有这个操作"), way_out=_("请刷新页面。"))
    article = selectors.article(actor, pk)
    reason = request.POST.get("reason", "").strip()
    match code:
        case "revise":
            version = services.revise(actor=actor, article=article)
            return redirect("operations.knowledge.edit", pk=version.article_id)
        case "approve" | "return":
            services.review(
                actor=actor, version=_open_version(actor, pk), approved=code == "approve", opinion=reason
            )
        case "publish":
            services.publish(actor=actor, version=_open_version(actor, pk))
        case "discard":
            services.discard(actor=actor, version=_open_version(actor, pk))
        case "withdraw" | "restore":
            services.switch(actor=actor, article=article, active=code == "restore", reason=reason)
        case "relabel":
            services.relabel(actor=actor, article=article, label=request.POST.get("label", ""))
    messages.success(request, _("已办理"))
    if code == "discard" and article.current_id is None:
        return redirect("operations.knowledge")
    shown = next((one for one in selectors.versions(article) if one.state != State.PUBLISHED), None)
    return redirect(_url(shown) if shown else reverse("operations.knowledge.article", args=[pk]))


@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """Articles for the fault being typed, as a fragment; empty for who may not read any."""
    actor = actor_of(request)
    found: list[selectors.Hit] = []
    words = request.GET.get("title", "").strip()[:100]
    if scope.has(actor, selectors.VIEW):
        found = selectors.suggest(actor, words, module=request.GET.get("module", ""))
    return render(request, "knowledge/parts/suggestions.html", {"hits": found, "words": words})


@require_POST
def deflect(request: HttpRequest, pk: int) -> HttpResponse:
    """已解决我的问题: the reader needs no ticket."""
    actor = actor_of(request)
    article = selectors.article(actor, pk)
    services.deflect(actor=actor, article=article, words=request.POST.get("words", ""))
    messages.success(request, _("已记录：{number} 解决了问题，无需报修").format(number=article.number))
    url = reverse("operations.knowledge.article", args=[pk])
    if errors.is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    return redirect(url)


@require_GET
def faq(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(printing.faq(actor_of(request)), content_type="application/pdf")
    response["Content-Disposition"] = 'inline; filename="faq.pdf"'
    return response
