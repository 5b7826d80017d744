from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

CODES = "CREATE SEQUENCE logistics_pack_code;"
DROP_CODES = "DROP SEQUENCE IF EXISTS logistics_pack_code;"

# State, round, load, expiry and place of a pack are what its last step says, and nothing else writes them.
PACKS = """
CREATE FUNCTION logistics_pack_project() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE logistics_pack SET state = NEW.to_state, round = NEW.round, expiry = NEW.expiry, org_unit_id = NEW.org_unit_id,
        load_id = CASE WHEN NEW.to_state IN ('in_load', 'sterile', 'stored', 'issued', 'used', 'recalled') THEN NEW.load_id END
        WHERE id = NEW.pack_id AND state = NEW.from_state;
    IF NOT FOUND THEN
        RAISE EXCEPTION '消毒包 % 已不在“%”状态', NEW.pack_id, NEW.from_state
            USING ERRCODE = 'HR007', HINT = '请刷新后查看该包的追溯。';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER project AFTER INSERT ON logistics_pack_step FOR EACH ROW EXECUTE FUNCTION logistics_pack_project();
ALTER TABLE logistics_pack_step ENABLE ALWAYS TRIGGER project;

CREATE FUNCTION logistics_pack_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '消毒包 % 不能删除', OLD.barcode USING ERRCODE = 'HR007';
    END IF;
    IF (NEW.state, NEW.round, NEW.load_id, NEW.expiry) IS DISTINCT FROM (OLD.state, OLD.round, OLD.load_id, OLD.expiry)
        AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '消毒包 % 的状态只能由步骤改变', OLD.barcode USING ERRCODE = 'HR007';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard BEFORE UPDATE OR DELETE ON logistics_pack FOR EACH ROW EXECUTE FUNCTION logistics_pack_guard();
ALTER TABLE logistics_pack ENABLE ALWAYS TRIGGER guard;
"""
DROP_PACKS = """
DROP TRIGGER IF EXISTS guard ON logistics_pack;
DROP TRIGGER IF EXISTS project ON logistics_pack_step;
DROP FUNCTION IF EXISTS logistics_pack_guard;
DROP FUNCTION IF EXISTS logistics_pack_project;
"""

# What two signed, what was followed up, and what was recalled is not said otherwise afterwards.
SIGNED = """
CREATE FUNCTION logistics_sterile_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION '% 的登记不能删除', TG_TABLE_NAME USING ERRCODE = 'HR007';
    END IF;
    IF to_jsonb(OLD) ->> TG_ARGV[0] IS NOT NULL AND to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD) THEN
        RAISE EXCEPTION '% 已签署的登记不能修改', TG_TABLE_NAME USING ERRCODE = 'HR007';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER signed BEFORE UPDATE OR DELETE ON logistics_hazard_entry FOR EACH ROW EXECUTE FUNCTION logistics_sterile_signed('second_at');
CREATE TRIGGER signed BEFORE UPDATE OR DELETE ON logistics_emergency_release FOR EACH ROW EXECUTE FUNCTION logistics_sterile_signed('followed_at');
CREATE TRIGGER signed BEFORE UPDATE OR DELETE ON logistics_sterile_load FOR EACH ROW EXECUTE FUNCTION logistics_sterile_signed('recalled_at');
CREATE TRIGGER signed BEFORE UPDATE OR DELETE ON logistics_reagent_vial FOR EACH ROW EXECUTE FUNCTION logistics_sterile_signed('closed_at');
ALTER TABLE logistics_hazard_entry ENABLE ALWAYS TRIGGER signed;
ALTER TABLE logistics_emergency_release ENABLE ALWAYS TRIGGER signed;
ALTER TABLE logistics_sterile_load ENABLE ALWAYS TRIGGER signed;
ALTER TABLE logistics_reagent_vial ENABLE ALWAYS TRIGGER signed;
"""
DROP_SIGNED = """
DROP TRIGGER IF EXISTS signed ON logistics_reagent_vial;
DROP TRIGGER IF EXISTS signed ON logistics_sterile_load;
DROP TRIGGER IF EXISTS signed ON logistics_emergency_release;
DROP TRIGGER IF EXISTS signed ON logistics_hazard_entry;
DROP FUNCTION IF EXISTS logistics_sterile_signed;
"""


class Migration(migrations.Migration):
    dependencies = [("sterile", "0001_initial"), ("base", "0001_initial")]
    operations = [
        AppendOnly("logistics_pack_step"),
        AppendOnly("logistics_sterile_result"),
        AppendOnly("logistics_reagent_log"),
        AppendOnly("logistics_cold_reading"),
        AppendOnly("logistics_foreign_photo"),
        migrations.RunSQL(CODES, DROP_CODES),
        migrations.RunSQL(PACKS, DROP_PACKS),
        migrations.RunSQL(SIGNED, DROP_SIGNED),
    ]
