"""Signatures, attempts, ratings and materials are facts; a session that was held or cancelled is one too."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

GUARD = """
ALTER TABLE operations_training_material ADD CONSTRAINT operations_material_hash
    CHECK (sha256 = encode(sha256(content), 'hex'));

CREATE FUNCTION operations_guard_training() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.state = 'planned' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '培训 %：不允许 %', OLD.title, TG_OP
        USING ERRCODE = 'HR001', HINT = '已举办或已取消的培训不可修改，未举办的请取消。';
END $$;
CREATE TRIGGER guard_training BEFORE UPDATE OR DELETE ON operations_training_session
    FOR EACH ROW EXECUTE FUNCTION operations_guard_training();
ALTER TABLE operations_training_session ENABLE ALWAYS TRIGGER guard_training;
"""

DROP_GUARD = """
DROP FUNCTION operations_guard_training() CASCADE;
ALTER TABLE operations_training_material DROP CONSTRAINT operations_material_hash;
"""


class Migration(migrations.Migration):
    dependencies = [("training", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("operations_training_material"),
        AppendOnly("operations_training_attendance"),
        AppendOnly("operations_training_attempt"),
        AppendOnly("operations_training_rating"),
        migrations.RunSQL(GUARD, DROP_GUARD),
    ]
