"""Addresses of the contract."""

from django.urls import path

from hrp.operations.contracts import views

urlpatterns = [
    path("contract", views.contract, name="operations.contract"),
    path("contract/<int:pk>/sign", views.sign, name="operations.contract.sign"),
]
