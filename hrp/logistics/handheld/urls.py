"""Addresses of the handheld pages."""

from django.urls import path

from hrp.logistics.handheld.views import bins, counting, pages, recalls, scans

urlpatterns = [
    path("handheld", pages.home, name="logistics.handheld"),
    path("handheld/receive", pages.receive, name="logistics.handheld.receive"),
    path("handheld/receive/<int:pk>", pages.receive_one, name="logistics.handheld.receive.one"),
    path("handheld/receive/<int:pk>/scan", scans.receive, name="logistics.handheld.receive.scan"),
    path("handheld/putaway", bins.stores, name="logistics.handheld.putaway"),
    path("handheld/putaway/<int:pk>", bins.putaway, name="logistics.handheld.putaway.one"),
    path("handheld/putaway/<int:pk>/scan", bins.scan, name="logistics.handheld.putaway.scan"),
    path("handheld/recall", recalls.page, name="logistics.handheld.recall"),
    path("handheld/recall/scan", recalls.scan, name="logistics.handheld.recall.scan"),
    path("handheld/pick", pages.pick, name="logistics.handheld.pick"),
    path("handheld/pick/start/<int:pk>", pages.pick_start, name="logistics.handheld.pick.start"),
    path("handheld/pick/<int:pk>", pages.pick_one, name="logistics.handheld.pick.one"),
    path("handheld/pick/<int:pk>/scan", scans.pick, name="logistics.handheld.pick.scan"),
    path("handheld/sign", pages.sign, name="logistics.handheld.sign"),
    path("handheld/sign/scan", scans.sign, name="logistics.handheld.sign.scan"),
    path("handheld/counts", pages.counts, name="logistics.handheld.counts"),
    path("handheld/counts/<int:pk>", pages.count, name="logistics.handheld.count"),
    path("handheld/counts/<int:pk>/sheet", counting.sheet, name="logistics.handheld.count.sheet"),
    path("handheld/counts/<int:pk>/sync", counting.sync, name="logistics.handheld.count.sync"),
    path("handheld/cards", pages.quota_cards, name="logistics.handheld.cards"),
    path("handheld/cards/scan", scans.card, name="logistics.handheld.cards.scan"),
]
