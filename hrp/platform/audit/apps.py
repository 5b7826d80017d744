from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "hrp.platform.audit"
    label = "audit"
