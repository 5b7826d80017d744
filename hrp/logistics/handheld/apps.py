from django.apps import AppConfig


class HandheldConfig(AppConfig):
    name = "hrp.logistics.handheld"
    label = "handheld"
    verbose_name = "手持终端"

    def ready(self) -> None:
        from hrp.logistics.handheld.views import pages
        from hrp.platform.ui import menu

        entry = menu.Item(
            "手持终端", icon="device-mobile", url_name="logistics.handheld", any_of=pages.ANY, order=90
        )
        menu.add("logistics", "库存业务", entry)
