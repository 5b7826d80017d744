"""Addresses of the duty room."""

from django.urls import path

from hrp.operations.duty.views import answers, contacts, mine, paging, rota

urlpatterns = [
    path("duty", rota.month, name="operations.duty"),
    path("duty/generate", rota.generate, name="operations.duty.generate"),
    path("duty/substitute", rota.substitute, name="operations.duty.substitute"),
    path("duty/mine", mine.mine, name="operations.duty.mine"),
    path("duty/swaps", mine.ask, name="operations.duty.swap"),
    path("duty/swaps/<int:pk>/<slug:act>", mine.decide, name="operations.duty.swap.act"),
    path("duty/handover", mine.handover, name="operations.duty.handover"),
    path("duty/contacts", contacts.listing, name="operations.contacts"),
    path("duty/contacts/<int:pk>/check", contacts.check, name="operations.contacts.check"),
    path("paging", paging.listing, name="operations.paging"),
    path("paging/<int:pk>", paging.detail, name="operations.paging.detail"),
    path("paging/<int:pk>/ack", paging.ack, name="operations.paging.ack"),
    path("paging/link/<str:token>", answers.link, name="operations.paging.link"),
    path("paging/answers/<slug:code>", answers.voice, name="operations.paging.voice"),
]
