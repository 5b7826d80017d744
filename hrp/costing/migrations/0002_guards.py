from django.db import migrations

from hrp.costing.guards import DROP_SQL, SQL
from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [
        ("costing", "0001_initial"),
        ("base", "0001_initial"),
        ("documents", "0002_guards"),
        ("ledger", "0002_guards"),
    ]
    operations = [
        GuardDocument("costing_cost_entry", "costing_cost_entry_line"),
        GuardDocument("costing_stat_entry", "costing_stat_entry_line"),
        GuardDocument("costing_run"),
        AppendOnly("costing_certificate"),
        AppendOnly("costing_run_department"),
        AppendOnly("costing_collected"),
        AppendOnly("costing_driver_value"),
        AppendOnly("costing_posting"),
        AppendOnly("costing_full_cost"),
        migrations.RunSQL(SQL, DROP_SQL),
    ]
