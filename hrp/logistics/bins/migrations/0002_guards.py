from django.db import migrations

# a home and a placement name a bin of their very store
SAME_STORE_SQL = """
ALTER TABLE logistics_home_bin ADD CONSTRAINT logistics_home_bin_in_store
    FOREIGN KEY (bin_id, store_id) REFERENCES logistics_bin (id, store_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE logistics_placement ADD CONSTRAINT logistics_placement_in_store
    FOREIGN KEY (bin_id, store_id) REFERENCES logistics_bin (id, store_id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE logistics_bin ADD CONSTRAINT logistics_bin_code_is_address
    CHECK (code = zone || '-' || rack || '-' || level || '-' || place);
"""
UNDO_SQL = """
ALTER TABLE logistics_home_bin DROP CONSTRAINT IF EXISTS logistics_home_bin_in_store;
ALTER TABLE logistics_placement DROP CONSTRAINT IF EXISTS logistics_placement_in_store;
ALTER TABLE logistics_bin DROP CONSTRAINT IF EXISTS logistics_bin_code_is_address;
"""


class Migration(migrations.Migration):
    dependencies = [("bins", "0001_initial")]
    operations = [migrations.RunSQL(SAME_STORE_SQL, UNDO_SQL)]
