from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "hrp.platform.documents"
    label = "documents"
    verbose_name = "单据"

    def ready(self) -> None:
        from hrp.platform.documents import invariants

        invariants.register()
