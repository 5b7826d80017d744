from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "hrp.platform.notify"
    label = "notify"
    verbose_name = "消息"

    def ready(self) -> None:
        from hrp.platform.notify import channels

        channels.register(channels.InApp())
        channels.register(channels.Email())
