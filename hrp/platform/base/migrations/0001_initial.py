from django.db import migrations

from hrp.platform.base.append_only import DROP_FUNCTION_SQL, FUNCTION_SQL


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.RunSQL(FUNCTION_SQL, DROP_FUNCTION_SQL)]
