"""The database refuses to change what was signed, and a version whose hash is not that of its text."""

from django.db import migrations

GUARDS = """
ALTER TABLE operations_contract_version ADD CONSTRAINT operations_version_hash
    CHECK (sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex'));

CREATE FUNCTION operations_guard_signed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before jsonb := to_jsonb(OLD);
    after jsonb;
    name text;
BEGIN
    IF OLD.hospital_signed_at IS NULL AND OLD.supplier_signed_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        after := to_jsonb(NEW);
        FOREACH name IN ARRAY ARRAY['hospital', 'supplier'] LOOP
            -- the other party may still add its signature; one given is never taken back
            IF before->>(name || '_signed_at') IS NULL THEN
                before := before - (name || '_signer_id') - (name || '_signed_at');
                after := after - (name || '_signer_id') - (name || '_signed_at');
            END IF;
        END LOOP;
        IF before = after THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% 已签署：不允许 %', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'HR001', HINT = '已签署的条款不可修改，请另立新版本并由双方签署。';
END $$;
"""

DROP_GUARDS = """
DROP FUNCTION operations_guard_signed() CASCADE;
ALTER TABLE operations_contract_version DROP CONSTRAINT operations_version_hash;
"""


def guard(table):
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


class Migration(migrations.Migration):
    dependencies = [("contracts", "0001_initial"), ("base", "0001_initial")]
    operations = [
        migrations.RunSQL(GUARDS, DROP_GUARDS),
        guard("operations_contract_version"),
        guard("operations_interpretation"),
    ]
