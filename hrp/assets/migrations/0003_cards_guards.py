from django.db import migrations

from hrp.assets import guards_cards


class Migration(migrations.Migration):
    dependencies = [("assets", "0002_guards")]
    operations = [migrations.RunSQL(guards_cards.SQL, guards_cards.REVERSE_SQL)]
