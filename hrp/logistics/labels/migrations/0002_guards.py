from django.db import migrations

from hrp.platform.base.append_only import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("labels", "0001_initial"), ("base", "0001_initial")]
    operations = [AppendOnly("logistics_label_print")]
