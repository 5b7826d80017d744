from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "hrp.platform.audit"
    label = "audit"
    verbose_name = "审计"

    def ready(self) -> None:
        from hrp.platform.audit import anchor, invariants, sealed
        from hrp.platform.audit.models import ActionLog
        from hrp.platform.base import history

        sealed.register(sealed.SealedTable(ActionLog, title="操作日志"))
        anchor.sinks.register(anchor.SecondPath.name, anchor.SecondPath())
        invariants.register()
        history.attach()
