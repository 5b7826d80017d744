from django.db import migrations

from hrp.platform.base.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("purchasing", "0003_plan_closing")]
    operations = [AppendOnly("logistics_plan_closing")]
