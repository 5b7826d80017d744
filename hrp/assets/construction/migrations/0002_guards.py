from django.db import migrations

from hrp.assets.construction import guards
from hrp.platform.base.append_only import AppendOnly
from hrp.platform.documents.guards import GuardDocument


class Migration(migrations.Migration):
    dependencies = [("construction", "0001_initial"), ("base", "0001_initial"), ("documents", "0002_guards")]
    operations = [
        AppendOnly("assets_project_move"),
        GuardDocument("assets_construction_cost", "assets_construction_cost_line"),
        migrations.RunSQL(guards.SQL, guards.REVERSE_SQL),
    ]
