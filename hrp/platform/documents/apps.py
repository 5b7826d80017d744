from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "hrp.platform.documents"
    label = "documents"
