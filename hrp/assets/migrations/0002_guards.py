from django.db import migrations

from hrp.assets import guards
from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("assets", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_move"),
        AppendOnly("assets_plan"),
        AppendOnly("assets_depreciation"),
        AppendOnly("assets_card_event"),
        GuardDocument("assets_booking", "assets_booking_line"),
        GuardDocument("assets_revision", "assets_revision_line"),
        GuardDocument("assets_transfer", "assets_transfer_line"),
        GuardDocument("assets_write_off", "assets_write_off_line"),
        GuardDocument("assets_run"),
        migrations.RunSQL(guards.SQL, guards.REVERSE_SQL),
    ]
