"""Addresses of sterile supply."""

from django.urls import path

from hrp.logistics.sterile import views

urlpatterns = [
    path("sterile", views.page, name="logistics.sterile"),
    path("sterile/scan", views.scan, name="logistics.sterile.scan"),
    path("pack-labels", views.labels, name="logistics.pack_labels"),
    path("sterile-loads/<int:pk>/list", views.load_list, name="logistics.sterile_load_list"),
    path("foreign-photos/<int:pk>", views.photo, name="logistics.foreign_photo"),
]
