from django.db import migrations

from hrp.platform.base.stamps import DROP_STAMP_SQL, STAMP_SQL


class Migration(migrations.Migration):
    dependencies = [("base", "0001_initial")]
    operations = [migrations.RunSQL(STAMP_SQL, DROP_STAMP_SQL)]
