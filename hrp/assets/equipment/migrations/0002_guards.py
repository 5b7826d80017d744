from django.db import migrations

from hrp.assets.equipment import guards
from hrp.platform.base.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("equipment", "0001_initial"), ("assets", "0002_guards"), ("base", "0001_initial")]
    operations = [
        AppendOnly("assets_repair_act"),
        AppendOnly("assets_repair_cost"),
        AppendOnly("assets_repair_photo"),
        AppendOnly("assets_care_result"),
        AppendOnly("assets_care_postponement"),
        AppendOnly("assets_certificate"),
        AppendOnly("assets_contract_visit"),
        AppendOnly("assets_readiness"),
        AppendOnly("assets_machine_revenue"),
        AppendOnly("assets_machine_cost"),
        migrations.RunSQL(guards.SQL, guards.REVERSE_SQL),
    ]
