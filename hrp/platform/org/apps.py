from django.apps import AppConfig


class OrgConfig(AppConfig):
    name = "hrp.platform.org"
    label = "org"
    verbose_name = "组织与日历"

    def ready(self) -> None:
        from hrp.platform.org import invariants

        invariants.register_all()
