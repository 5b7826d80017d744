"""Addresses of stocktaking beside its declared screens."""

from django.urls import path

from hrp.assets.stocktaking.views import hand, papers

urlpatterns = [
    path("hand", hand.tasks, name="assets.hand"),
    path("hand/<int:pk>", hand.task, name="assets.hand.task"),
    path("hand/<int:pk>/sheet", hand.sheet, name="assets.hand.sheet"),
    path("hand/<int:pk>/sync", hand.sync, name="assets.hand.sync"),
    path("stocktake-tasks/<int:pk>/sheet", papers.sheet, name="assets.stocktake_task.sheet"),
    path("stocktake-findings/<int:pk>/photo", papers.photo, name="assets.stocktake_finding.photo"),
    path("labels", papers.label_page, name="assets.labels"),
]
