"""Addresses of purchasing."""

from django.urls import path

from hrp.logistics.purchasing.views import checking, conceding, receiving, replenishing, scoring, tracking

urlpatterns = [
    path("purchasing", tracking.orders, name="logistics.purchasing.orders"),
    path("purchasing/receive/<int:pk>", receiving.receive, name="logistics.purchasing.receive"),
    path("purchasing/inspections/<int:pk>/checks", checking.checks, name="logistics.purchasing.checks"),
    path("purchasing/replenishment", replenishing.suggestions, name="logistics.purchasing.replenishment"),
    path(
        "purchasing/replenishment/run", replenishing.calculate, name="logistics.purchasing.replenishment.run"
    ),
    path(
        "purchasing/replenishment/<int:pk>/plan",
        replenishing.plan,
        name="logistics.purchasing.replenishment.plan",
    ),
    path("purchasing/concessions", conceding.waiting, name="logistics.purchasing.concessions"),
    path(
        "purchasing/concessions/<int:pk>/<int:position>/<slug:kind>",
        conceding.concede,
        name="logistics.purchasing.concede",
    ),
    path("purchasing/scores", scoring.scores, name="logistics.purchasing.scores"),
]
