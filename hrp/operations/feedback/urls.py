"""Addresses of feedback beside those of its declared screens."""

from django.urls import path

from hrp.operations.feedback import views

urlpatterns = [path("surveys/<int:pk>/fill", views.fill, name="operations.survey.fill")]
