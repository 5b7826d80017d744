"""Addresses of the desk."""

from django.urls import path

from hrp.operations.desk.views import knowing, records, suggesting, tickets, wall

urlpatterns = [
    path("tickets/", tickets.listing, name="operations.ticket.list"),
    path("tickets/new", tickets.new, name="operations.ticket.new"),
    path("tickets/proposed-level", suggesting.level, name="operations.ticket.proposed_level"),
    path("tickets/similar", suggesting.similar, name="operations.ticket.similar"),
    path("tickets/<int:pk>", tickets.detail, name="operations.ticket.detail"),
    path("tickets/<int:pk>/knowledge/draft", knowing.draft, name="operations.ticket.article"),
    path("tickets/<int:pk>/knowledge/<int:article>", knowing.adopt, name="operations.ticket.adopt"),
    path("tickets/<int:pk>/<slug:code>", tickets.act, name="operations.ticket.act"),
    path("records/", records.listing, name="operations.record.list"),
    path("records/<int:pk>", records.detail, name="operations.record.detail"),
    path("records/<int:pk>/pdf", records.pdf, name="operations.record.pdf"),
    path("records/<int:pk>/json", records.json, name="operations.record.json"),
    path("wall", wall.wall, name="operations.wall"),
]
