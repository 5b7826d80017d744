"""What a machine asks a machine: is the process there, can it work, how much does it do.

``/healthz`` process · ``/readyz`` database, migrations and worker heartbeat, 503 when one is missing · ``/metrics``
Prometheus text, for this machine itself or the holder of an API key.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from hrp.platform.access.services import user_of

WORKER_SILENT_SECONDS = 30

REQUESTS = Counter("hrp_requests", "Requests answered", ["view", "method", "status"])
LATENCY = Histogram(
    "hrp_request_seconds",
    "Time to answer a request",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)
QUERIES = Histogram(
    "hrp_request_queries",
    "Database statements of a request",
    ["view"],
    buckets=(1, 3, 5, 10, 20, 50, 100, 200),
)
QUERY_SECONDS = Counter("hrp_database_seconds", "Time spent waiting for the database", ["view"])


class MetricsMiddleware:
    """Counts every request by the view that answered it; unknown addresses share one name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        tally = _Tally()
        started = time.perf_counter()
        with connection.execute_wrapper(tally):
            response = self.get_response(request)
        view = request.resolver_match.view_name if request.resolver_match else "-"
        REQUESTS.labels(view, request.method or "-", str(response.status_code)).inc()
        LATENCY.labels(view).observe(time.perf_counter() - started)
        QUERIES.labels(view).observe(tally.count)
        QUERY_SECONDS.labels(view).inc(tally.seconds)
        return response


class _Tally:
    """Counts statements and their seconds."""

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            self.count += 1
            self.seconds += time.perf_counter() - started


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part is ok, else 503; each part says what is wrong."""
    parts: dict[str, dict[str, Any]] = {}
    for name, look in (("database", _database), ("migrations", _migrations), ("worker", _worker)):
        try:
            parts[name] = look()
        except DatabaseError as error:
            parts[name] = {"ok": False, "detail": type(error).__name__}
    ready = all(part["ok"] for part in parts.values())
    return JsonResponse({"ready": ready, "parts": parts}, status=200 if ready else 503)


def _database() -> dict[str, Any]:
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"ok": True, "milliseconds": round((time.perf_counter() - started) * 1000, 1)}


_current_in: set[str] = set()


def _migrations() -> dict[str, Any]:
    """A database found current stays so for this process: a newer version comes with new processes."""
    name = str(connection.settings_dict["NAME"])
    if name not in _current_in:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if waiting:
            return {"ok": False, "detail": f"{len(waiting)} waiting"}
        _current_in.add(name)
    return {"ok": True}


def _worker() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers")
        silent = cursor.fetchone()[0]
    if silent is None:
        return {"ok": False, "detail": "no worker"}
    return {"ok": silent < WORKER_SILENT_SECONDS, "silent_seconds": round(float(silent), 1)}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not (_is_this_machine(request) or _holds_key(request)):
        return HttpResponse(
            "only for this machine or the holder of an API key\n", status=403, content_type="text/plain"
        )
    return HttpResponse(generate_latest(_registry()), content_type=CONTENT_TYPE_LATEST)


def _is_this_machine(request: HttpRequest) -> bool:
    """True for a direct call from loopback; a call passed on by a proxy on this machine is somebody else's."""
    passed_on = any(header in request.headers for header in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not passed_on


def _holds_key(request: HttpRequest) -> bool:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key:
        return False
    return user_of(key.strip()) is not None


@cache
def _registry() -> CollectorRegistry:
    """All processes of the web together when they share a folder, else this one's own."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry)
    else:
        registry = REGISTRY
    registry.register(_Queues())
    return registry


class _Queues(Collector):
    """Lengths of the job queues, asked of the database at each scrape."""

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily("hrp_jobs", "Jobs by queue and status", labels=["queue", "status"])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT queue_name, status::text, count(*) FROM procrastinate_jobs"
                " WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2 ORDER BY 1, 2"
            )
            for queue, status, count in cursor.fetchall():
                family.add_metric([queue, status], count)
        return [family]

    def describe(self) -> list[GaugeMetricFamily]:
        return []
