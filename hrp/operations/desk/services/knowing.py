"""The desk and the knowledge base: adopt an article on a ticket, and draft one from what a ticket taught."""

from __future__ import annotations

from django.db import transaction

from hrp.operations.desk import selectors
from hrp.operations.desk.models import Ticket
from hrp.operations.desk.services import chain
from hrp.operations.knowledge import services as knowledge
from hrp.operations.knowledge.models import Article, ArticleVersion, Use
from hrp.operations.knowledge.selectors import EDIT
from hrp.platform.access import scope
from hrp.platform.access.models import User
from hrp.platform.base.refusals import Conflict


@transaction.atomic
def adopt(*, actor: User, ticket: Ticket, article: Article) -> Use:
    """采用: the ticket is solved with the article; noted on its chain and counted for the article, once."""
    held = chain.hold(ticket, actor=actor, permission="operations.ticket.log")
    use = knowledge.adopt(
        actor=actor, article=article, ticket_number=held.ticket.number, unit_id=held.ticket.org_unit_id
    )
    text = f"采用知识 {article.number} {use.version.title}（第 {use.version.number} 版）"
    chain.append(held, "NOTE", at=held.now, payload={"text": text, "article": article.number})
    chain.finish(held, "adopt_article", summary=text)
    return use


@transaction.atomic
def draft_article(*, actor: User, ticket: Ticket) -> ArticleVersion:
    """Draft an article from the archived maintenance record of a closed ticket, for its author to put in good words."""
    scope.check_object(actor, "operations.ticket.view", ticket)
    held = chain.hold(ticket, actor=actor, permission=EDIT)
    record = selectors.record_of(held.ticket)
    if held.ticket.state != "closed" or record is None or record.archived_at is None:
        raise Conflict(
            "工单尚未关闭，维护记录还可能修改", way_out="请在工单关闭后再起草知识。", code="ticket_not_closed"
        )
    text = knowledge.Text(
        title=held.ticket.title,
        symptoms=record.symptom,
        cause=record.cause,
        cure="\n".join(part for part in (record.actions, record.advice) if part),
        keywords=record.get_cause_class_display(),
    )
    source = knowledge.Source(held.ticket.number, record.number)
    return knowledge.draft(actor=actor, text=text, module=held.ticket.module, source=source)
