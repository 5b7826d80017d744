"""Addresses of counting beside its declared screens."""

from django.urls import path

from hrp.logistics.counting.views import sheets

urlpatterns = [
    path("counts/<int:pk>/sheet", sheets.blind, name="logistics.count.sheet"),
    path("counts/<int:pk>/result", sheets.result, name="logistics.count.result"),
]
