"""Addresses of equipment that are no declared screen."""

from django.urls import path

from hrp.assets.equipment.views import files, papers, readiness, scanning, tasks

urlpatterns = [
    path("scan", scanning.find, name="assets.scan.find"),
    path("scan/<uuid:token>", scanning.page, name="assets.scan"),
    path("scan/<uuid:token>/code", scanning.code, name="assets.scan.code"),
    path("repair-photos/<int:pk>", files.photo, name="assets.repair_photo"),
    path("certificates/<int:pk>", files.certificate, name="assets.certificate"),
    path("tasks/<int:pk>/do", tasks.do, name="assets.task.do"),
    path("trend/<int:pk>", tasks.trend, name="assets.trend"),
    path("readiness", readiness.board, name="assets.readiness"),
    path("readiness/<int:pk>", readiness.check, name="assets.readiness.check"),
    path("stop-tags/<int:pk>/print", papers.stop_tag, name="assets.stop_tag.print"),
    path("device-events/<int:pk>/report", papers.event, name="assets.device_event.report"),
]
