from django.db import migrations

from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import DROP_FUNCTION_SQL, FUNCTION_SQL


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial"), ("base", "0001_initial")]
    operations = [
        migrations.RunSQL(FUNCTION_SQL, DROP_FUNCTION_SQL),
        AppendOnly("documents_reversal"),
        AppendOnly("documents_print"),
    ]
