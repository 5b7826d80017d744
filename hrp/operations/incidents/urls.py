"""Addresses of major incidents."""

from django.urls import path

from hrp.operations.incidents.views import command, gate, review

urlpatterns = [
    path("incidents/", command.listing, name="operations.incident.list"),
    path("incidents/actions/", review.actions, name="operations.incident.actions"),
    path(
        "incidents/actions/<int:event>-<int:position>", review.finish, name="operations.incident.action_done"
    ),
    path("incidents/<int:pk>", command.command, name="operations.incident.command"),
    path("incidents/<int:pk>/review", review.review, name="operations.incident.review"),
    path("incidents/<int:pk>/review.pdf", review.pdf, name="operations.incident.review_pdf"),
    path("incidents/<int:pk>/act/<slug:code>", command.act, name="operations.incident.act"),
    path("arrivals/<int:pk>/photo", gate.photo, name="operations.arrival.photo"),
    path("gate/<str:code>", gate.check_in, name="operations.gate.check_in"),
    path("gates/<int:pk>/code.pdf", gate.code_sheet, name="operations.gate.code"),
]
