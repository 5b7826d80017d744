from django.db import migrations

from hrp.assets import guards_life


class Migration(migrations.Migration):
    dependencies = [("assets", "0004_card_life")]
    operations = [migrations.RunSQL(guards_life.SQL, guards_life.REVERSE_SQL)]
