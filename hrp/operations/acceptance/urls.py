"""Addresses of acceptance."""

from django.urls import path

from hrp.operations.acceptance import views

urlpatterns = [
    path("clauses", views.clauses, name="operations.clauses"),
    path("reports/", views.listing, name="operations.report.list"),
    path("reports/make", views.make, name="operations.report.make"),
    path("reports/<int:pk>", views.detail, name="operations.report.detail"),
    path("reports/<int:pk>/sign", views.sign, name="operations.report.sign"),
    path("reports/<int:pk>/<slug:name>", views.download, name="operations.report.file"),
]
