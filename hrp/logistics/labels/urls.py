"""Addresses of labels."""

from django.urls import path

from hrp.logistics.labels.views import printing

urlpatterns = [path("labels", printing.page, name="logistics.labels")]
