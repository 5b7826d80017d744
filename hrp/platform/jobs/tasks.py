"""Declaring tasks: ``@task`` in a module's ``jobs.py``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from procrastinate import BaseRetryStrategy, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job

from hrp.platform.base import clock
from hrp.platform.base.refusals import Refusal
from hrp.platform.base.registry import Registry

QUEUE = "default"


@dataclass(frozen=True)
class Task:
    """A function that can be deferred. Call it directly to run it here and now."""

    name: str
    title: str
    queue: str
    priority: int
    function: Callable[..., Any]
    retry: tuple[int, ...]
    listed: bool = True

    def __call__(self, **kwargs: Any) -> Any:
        return self.function(**kwargs)


tasks: Registry[Task] = Registry("后台任务")


class Waits(BaseRetryStrategy):
    """Try again after each of ``seconds`` in turn. A refusal is an answer, not an accident: it is not retried."""

    def __init__(self, seconds: Sequence[int]) -> None:
        self.seconds = tuple(seconds)

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, Refusal) or job.attempts >= len(self.seconds):
            return None
        return RetryDecision(retry_at=clock.now() + dt.timedelta(seconds=self.seconds[job.attempts]))


def task(
    *,
    name: str,
    title: str,
    queue: str = QUEUE,
    retry: Sequence[int] = (),
    priority: int = 0,
    listed: bool = True,
) -> Callable[[Callable[..., Any]], Task]:
    """Declare the decorated function as a background task.

    ``name`` is stable ("costing.allocate"): jobs waiting in the queue carry it over upgrades. ``title`` is what
    people see (Chinese). ``retry`` is the list of waits in seconds before each further attempt after an error;
    refusals are never retried. ``listed=False`` keeps small, numerous jobs out of the job list. Arguments are keywords
    of JSON types. The function may run twice if a worker dies or the database goes away: put its effect under
    :func:`hrp.platform.jobs.running.exactly_once`.
    """

    def declare(function: Callable[..., Any]) -> Task:
        declared = tasks.register(name, Task(name, title, queue, priority, function, tuple(retry), listed))

        def run(context: JobContext, **kwargs: Any) -> None:
            from hrp.platform.jobs import running

            running.perform(declared, context, kwargs)

        app.task(
            name=name,
            queue=queue,
            priority=priority,
            pass_context=True,
            retry=Waits(retry) if retry else False,
        )(run)
        return declared

    return declare
