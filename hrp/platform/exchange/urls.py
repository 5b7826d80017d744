"""Addresses of exchange."""

from django.urls import path

from hrp.platform.exchange import views

urlpatterns = [path("exchange/partners/<slug:code>/messages", views.take, name="exchange.partner.messages")]
