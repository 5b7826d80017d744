from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument

# a count is booked once, whoever posts it
ONCE_SQL = """
CREATE UNIQUE INDEX logistics_stocktake_posted_once ON logistics_stocktake (task_id) WHERE state = 'posted';
"""


class Migration(migrations.Migration):
    dependencies = [("counting", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("logistics_count_line"),
        AppendOnly("logistics_count"),
        AppendOnly("logistics_count_result"),
        AppendOnly("logistics_scrap_appraisal"),
        AppendOnly("logistics_destruction"),
        GuardDocument("logistics_stocktake", "logistics_stocktake_line"),
        GuardDocument("logistics_scrap", "logistics_scrap_line"),
        GuardDocument("logistics_loss_settlement", "logistics_loss_settlement_line"),
        migrations.RunSQL(ONCE_SQL, "DROP INDEX IF EXISTS logistics_stocktake_posted_once;"),
    ]
