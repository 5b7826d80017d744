"""Arrivals, reminders and what was done are facts."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_arrival_evidence"),
        AppendOnly("operations_reminder"),
        AppendOnly("operations_action_done"),
    ]
