"""Addresses of 资产变更 beside its declared screens."""

from django.urls import path

from hrp.assets.changes.views import handing

urlpatterns = [path("handover", handing.page, name="assets.handover")]
