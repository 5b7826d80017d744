"""``hrp load-demo``: the demo hospital, once, into a database the start has marked for it."""

from typing import Any

from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import transaction

from hrp.config.models import InstallationMark


class Command(BaseCommand):
    help = "把演示医院装入刚建立的空库（由 hrp run 调用；只装一次）"

    @transaction.atomic  # a start killed in between would find a hospital it does not know to be its own demo
    def handle(self, *args: Any, **options: Any) -> None:
        mark = InstallationMark.objects.filter(name="demo", value="wanted").first()
        if mark is None or "demo" not in get_commands():
            return
        call_command("demo", size="small", stdout=self.stdout)
        mark.value = "loaded"
        mark.save(update_fields=["value", "marked_at"])
