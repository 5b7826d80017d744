"""Addresses of plans and drill reports."""

from django.urls import path

from hrp.operations.emergency import views

urlpatterns = [
    path("plans/", views.listing, name="operations.plan.list"),
    path("plans/write/<slug:scenario>", views.write, name="operations.plan.write"),
    path("plans/<int:pk>", views.detail, name="operations.plan.detail"),
    path("plans/<int:pk>/pdf", views.pdf, name="operations.plan.pdf"),
    path("plans/<int:pk>/request", views.ask, name="operations.plan.request"),
    path("plans/versions/<int:pk>/sign", views.sign, name="operations.plan.sign"),
    path("plans/requests/<int:pk>/answer", views.answer, name="operations.plan.answer"),
    path("drills/<int:pk>/report.pdf", views.drill_pdf, name="operations.drill.pdf"),
]
