"""Addresses of sterile supply."""

from django.urls import path

from hrp.logistics.sterile import views

urlpatterns = [
    path("sterile", views.page, name="logistics.sterile"),
    path("sterile/scan", views.scan, name="logistics.sterile.scan"),
]
