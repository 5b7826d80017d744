"""Addresses of training beside those of its declared screens."""

from django.urls import path

from hrp.operations.training import views

urlpatterns = [
    path("trainings/<int:pk>/code", views.code, name="operations.training.code"),
    path("trainings/<int:pk>/join", views.join, name="operations.training.join"),
    path("trainings/<int:pk>/sheet.pdf", views.sheet, name="operations.training.sheet"),
    path("trainings/<int:pk>/summary.pdf", views.summary, name="operations.training.summary"),
    path("materials/<int:pk>/file", views.material, name="operations.material.file"),
]
