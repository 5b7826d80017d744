"""What was signed stays as it was, a version's hash is that of its text, and a signed drill takes no further lines."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

HASH = """
ALTER TABLE operations_plan_version ADD CONSTRAINT operations_plan_version_hash
    CHECK (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex'));
"""
DROP_HASH = "ALTER TABLE operations_plan_version DROP CONSTRAINT operations_plan_version_hash;"

DRILL_PART = """
CREATE FUNCTION operations_guard_drill_part() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held operations_drill%ROWTYPE;
BEGIN
    SELECT * INTO STRICT held FROM operations_drill WHERE id = NEW.drill_id FOR SHARE;
    IF held.supplier_signed_at IS NOT NULL OR held.hospital_signed_at IS NOT NULL THEN
        RAISE EXCEPTION '演练 % 的报告已签署，不能再加', held.number
            USING ERRCODE = 'HR001', HINT = '新发现的问题请在下次演练或工单中处理。';
    END IF;
    RETURN NEW;
END $$;
"""
DROP_DRILL_PART = "DROP FUNCTION operations_guard_drill_part() CASCADE;"


def guard_signed(table):
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER guard_signed BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION operations_guard_signed();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_signed;
        CREATE TRIGGER guard_signed_truncate BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION hrp_refuse_change();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_signed_truncate;
        """,
        migrations.RunSQL.noop,
    )


def guard_part(table):
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER guard_part BEFORE INSERT ON {table}
            FOR EACH ROW EXECUTE FUNCTION operations_guard_drill_part();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER guard_part;
        """,
        migrations.RunSQL.noop,
    )


class Migration(migrations.Migration):
    dependencies = [("emergency", "0001_initial"), ("contracts", "0002_guards"), ("base", "0001_initial")]
    operations = [
        migrations.RunSQL(HASH, DROP_HASH),
        guard_signed("operations_plan_version"),
        guard_signed("operations_drill"),
        AppendOnly("operations_plan_request"),
        AppendOnly("operations_plan_answer"),
        AppendOnly("operations_drill_participant"),
        AppendOnly("operations_drill_entry"),
        AppendOnly("operations_drill_finding"),
        AppendOnly("operations_drill_finding_done"),
        migrations.RunSQL(DRILL_PART, DROP_DRILL_PART),
        guard_part("operations_drill_participant"),
        guard_part("operations_drill_entry"),
        guard_part("operations_drill_finding"),
    ]
