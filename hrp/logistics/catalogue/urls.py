"""Addresses of the catalogue's own pages."""

from django.urls import path

from hrp.logistics.catalogue.views import papers, scanning

urlpatterns = [
    path("identifiers/bind", scanning.bind, name="logistics.identifier.bind"),
    path("scanner", scanning.self_test, name="logistics.scanner"),
    path("scanner/read", scanning.self_test_read, name="logistics.scanner.read"),
    path("licenses/files/<int:pk>", papers.download, name="logistics.license.file"),
]
