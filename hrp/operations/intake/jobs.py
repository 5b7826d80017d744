"""Intake's duties: calls nobody answers, and mailboxes."""

from __future__ import annotations

from hrp.operations.intake import selectors
from hrp.operations.intake.models import Mailbox
from hrp.operations.intake.services import calls, mailboxes
from hrp.platform.jobs.duties import duty
from hrp.platform.jobs.services import defer
from hrp.platform.jobs.tasks import task


@duty(name="intake.calls", title="检查无人接听与弃呼的来电", every_seconds=4)
def watch_calls() -> None:
    """Unanswered calls become tickets within five seconds even when the telephone system falls silent."""
    calls.sweep()


@task(name="intake.fetch", title="收取报修邮件", listed=False)
def fetch(*, mailbox: int) -> None:
    """Fetch one mailbox; a server that hangs keeps nobody else waiting."""
    found = Mailbox.objects.filter(pk=mailbox, is_active=True).first()
    if found is not None:
        mailboxes.poll(mailbox=found)


@duty(name="intake.mailboxes", title="收取报修邮件", every_seconds=30)
def watch_mailboxes() -> None:
    """Ask for every mailbox twice a minute; one whose job still waits or runs is left alone."""
    for box in selectors.mailboxes():
        defer(fetch, actor=None, unique=f"mailbox:{box.pk}", lock=f"mailbox:{box.pk}", mailbox=box.pk)
