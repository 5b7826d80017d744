"""Addresses of requesting beside its declared screens."""

from django.urls import path

from hrp.logistics.requesting.views import granting, signing

urlpatterns = [
    path("requisitions/<int:pk>/grant", granting.grant, name="logistics.requisition.grant"),
    path("deliveries", signing.listing, name="logistics.deliveries"),
    path("deliveries/<int:pk>/sign", signing.sign, name="logistics.deliveries.sign"),
]
