"""Addresses of the knowledge base."""

from django.urls import path

from hrp.operations.knowledge import views

urlpatterns = [
    path("knowledge/", views.listing, name="operations.knowledge"),
    path("knowledge/new", views.write, name="operations.knowledge.new"),
    path("knowledge/suggest", views.suggest, name="operations.knowledge.suggest"),
    path("knowledge/faq.pdf", views.faq, name="operations.knowledge.faq"),
    path("knowledge/<int:pk>", views.detail, name="operations.knowledge.article"),
    path("knowledge/<int:pk>/edit", views.write, name="operations.knowledge.edit"),
    path("knowledge/<int:pk>/solved", views.deflect, name="operations.knowledge.solved"),
    path("knowledge/<int:pk>/<slug:code>", views.act, name="operations.knowledge.act"),
]
