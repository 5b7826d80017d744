from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "hrp.platform.jobs"
    label = "jobs"
