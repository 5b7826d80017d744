from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.ledger.triggers import DROP_SQL, SQL


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("base", "0001_initial")]
    operations = [
        migrations.RunSQL(SQL, DROP_SQL),
        AppendOnly("ledger_entry"),
        AppendOnly("ledger_line"),
    ]
