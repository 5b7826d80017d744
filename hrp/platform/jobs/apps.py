from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "hrp.platform.jobs"
    label = "jobs"
    verbose_name = "后台任务"

    def ready(self) -> None:
        from hrp.platform.jobs import invariants

        invariants.register()
