"""Addresses of fixed assets that are not of a declared screen."""

from django.urls import path

from hrp.assets.views import cards

urlpatterns = [
    path("card/<int:pk>", cards.page, name="assets.card"),
    path("card/<int:pk>/print", cards.paper, name="assets.card.paper"),
]
