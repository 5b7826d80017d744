"""Facts stay; a class lies in its own scheme; a published catalogue is closed; the search is kept by triggers."""

from django.db import migrations

from hrp.platform.base.append_only import AppendOnly

SCHEMES = """
ALTER TABLE logistics_class_node ADD CONSTRAINT logistics_class_node_in_scheme UNIQUE (id, scheme);
ALTER TABLE logistics_class_node ADD CONSTRAINT logistics_class_parent_in_scheme
    FOREIGN KEY (parent_id, scheme) REFERENCES logistics_class_node (id, scheme);
ALTER TABLE logistics_item_class ADD CONSTRAINT logistics_item_class_in_scheme
    FOREIGN KEY (node_id, scheme) REFERENCES logistics_class_node (id, scheme);
"""
DROP_SCHEMES = """
ALTER TABLE logistics_item_class DROP CONSTRAINT logistics_item_class_in_scheme;
ALTER TABLE logistics_class_node DROP CONSTRAINT logistics_class_parent_in_scheme;
ALTER TABLE logistics_class_node DROP CONSTRAINT logistics_class_node_in_scheme;
"""

SUPPLY = """
CREATE FUNCTION logistics_guard_supply_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM logistics_supply_version v WHERE v.published_at IS NOT NULL
        AND v.id IN (CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END,
                     CASE WHEN TG_OP = 'DELETE' THEN OLD.version_id ELSE NEW.version_id END);
    IF FOUND THEN
        RAISE EXCEPTION '供应目录已发布：不允许 %', TG_OP USING ERRCODE = 'HR001', HINT = '请编制新的一版。';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard_supply_line BEFORE INSERT OR UPDATE OR DELETE ON logistics_supply_line
    FOR EACH ROW EXECUTE FUNCTION logistics_guard_supply_line();
ALTER TABLE logistics_supply_line ENABLE ALWAYS TRIGGER guard_supply_line;
CREATE FUNCTION logistics_guard_supply_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION '供应目录 % 已发布：不允许 %', OLD.code, TG_OP USING ERRCODE = 'HR001', HINT = '请编制新的一版。';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER guard_supply_version BEFORE UPDATE OR DELETE ON logistics_supply_version
    FOR EACH ROW EXECUTE FUNCTION logistics_guard_supply_version();
ALTER TABLE logistics_supply_version ENABLE ALWAYS TRIGGER guard_supply_version;
"""
DROP_SUPPLY = """
DROP FUNCTION logistics_guard_supply_line() CASCADE; DROP FUNCTION logistics_guard_supply_version() CASCADE;
"""

# what two people signed, or one approved, is not rewritten afterwards; only its use and its revocation are added
SIGNED = """
CREATE FUNCTION logistics_guard_override() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.check_code, OLD.reason, OLD.valid_from, OLD.valid_to, OLD.asked_by_id)
            IS DISTINCT FROM (NEW.check_code, NEW.reason, NEW.valid_from, NEW.valid_to, NEW.asked_by_id)
        OR (OLD.supplier_id, OLD.item_id) IS DISTINCT FROM (NEW.supplier_id, NEW.item_id)
        OR (OLD.head_by_id IS NOT NULL AND (OLD.head_by_id, OLD.head_at) IS DISTINCT FROM (NEW.head_by_id, NEW.head_at))
        OR (OLD.quality_by_id IS NOT NULL AND (OLD.quality_by_id, OLD.quality_at) IS DISTINCT FROM (NEW.quality_by_id, NEW.quality_at))
        OR (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at) THEN
        RAISE EXCEPTION '放行 %：不允许 %', OLD.id, TG_OP USING ERRCODE = 'HR001', HINT = '放行只能签署或撤销，请另行申请。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_override BEFORE UPDATE OR DELETE ON logistics_override
    FOR EACH ROW EXECUTE FUNCTION logistics_guard_override();
ALTER TABLE logistics_override ENABLE ALWAYS TRIGGER guard_override;
CREATE FUNCTION logistics_guard_one_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (OLD.approved_by_id IS NOT NULL AND
            (OLD.item_id, OLD.quantity, OLD.price, OLD.reason, OLD.valid_to, OLD.supplier_id, OLD.org_unit_id, OLD.asked_by_id, OLD.approved_by_id, OLD.approved_at)
            IS DISTINCT FROM
            (NEW.item_id, NEW.quantity, NEW.price, NEW.reason, NEW.valid_to, NEW.supplier_id, NEW.org_unit_id, NEW.asked_by_id, NEW.approved_by_id, NEW.approved_at)) THEN
        RAISE EXCEPTION '临时采购 %：不允许 %', OLD.id, TG_OP USING ERRCODE = 'HR001', HINT = '批准后不能修改，请另行申请。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_one_off BEFORE UPDATE OR DELETE ON logistics_one_off
    FOR EACH ROW EXECUTE FUNCTION logistics_guard_one_off();
ALTER TABLE logistics_one_off ENABLE ALWAYS TRIGGER guard_one_off;
"""
DROP_SIGNED = """
DROP FUNCTION logistics_guard_override() CASCADE; DROP FUNCTION logistics_guard_one_off() CASCADE;
"""

# into something that is itself merged: the next would have to be followed, and a circle could close
ALIAS = """
CREATE FUNCTION logistics_guard_alias() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM logistics_item WHERE id IN (NEW.item_id, NEW.into_id) ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT FROM logistics_item_alias WHERE item_id = NEW.into_id) THEN
        RAISE EXCEPTION '物资 % 已合并到别的物资', NEW.into_id USING ERRCODE = 'HR001', HINT = '请合并到最终保留的物资。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER guard_alias BEFORE INSERT ON logistics_item_alias
    FOR EACH ROW EXECUTE FUNCTION logistics_guard_alias();
ALTER TABLE logistics_item_alias ENABLE ALWAYS TRIGGER guard_alias;
"""
DROP_ALIAS = "DROP FUNCTION logistics_guard_alias() CASCADE;"

SEARCH = """
CREATE FUNCTION logistics_endings(VARIADIC given text[]) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT substr(word, place, 24)), '{}')
    FROM unnest(given) AS raw, LATERAL regexp_split_to_table(lower(normalize(raw, NFKC)), '\\s+') AS word,
         LATERAL generate_series(1, length(word)) AS place
$$;
CREATE FUNCTION logistics_own_words(i logistics_item) RETURNS text[] LANGUAGE sql STABLE AS $$
    SELECT logistics_endings(i.code, i.name || i.spec, i.generic_name, i.brand, i.pinyin, i.manufacturer, i.barcode,
                             i.registration_number, i.insurance_code, i.tender_code)
        || coalesce((SELECT array_agg(word) FROM logistics_identifier d, unnest(logistics_endings(d.di)) word WHERE d.item_id = i.id), '{}')
$$;
CREATE FUNCTION logistics_index_item(wanted bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO logistics_item_search (item_id, vector)
    SELECT i.id, array_to_tsvector(logistics_own_words(i)
        || coalesce((
            WITH RECURSIVE merged(id) AS (
                SELECT item_id FROM logistics_item_alias WHERE into_id = wanted
                UNION SELECT a.item_id FROM logistics_item_alias a JOIN merged m ON a.into_id = m.id
            ) SELECT array_agg(word) FROM merged m JOIN logistics_item o ON o.id = m.id, unnest(logistics_own_words(o)) word), '{}'))
    FROM logistics_item i WHERE i.id = wanted
    ON CONFLICT (item_id) DO UPDATE SET vector = excluded.vector
$$;
CREATE FUNCTION logistics_item_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM logistics_index_item(NEW.id);
    PERFORM logistics_index_item(into_id) FROM logistics_item_alias WHERE item_id = NEW.id;
    RETURN NULL;
END $$;
CREATE FUNCTION logistics_item_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM logistics_index_item(OLD.item_id); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM logistics_index_item(NEW.item_id); END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION logistics_alias_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM logistics_index_item(NEW.into_id);
    RETURN NULL;
END $$;
CREATE TRIGGER index_item AFTER INSERT OR UPDATE OF code, name, spec, generic_name, brand, pinyin, manufacturer, barcode,
    registration_number, insurance_code, tender_code ON logistics_item
    FOR EACH ROW EXECUTE FUNCTION logistics_item_changed();
CREATE TRIGGER index_item AFTER INSERT OR UPDATE OR DELETE ON logistics_identifier
    FOR EACH ROW EXECUTE FUNCTION logistics_item_words_changed();
CREATE TRIGGER index_item AFTER INSERT ON logistics_item_alias FOR EACH ROW EXECUTE FUNCTION logistics_alias_made();
ALTER TABLE logistics_item ENABLE ALWAYS TRIGGER index_item;
ALTER TABLE logistics_identifier ENABLE ALWAYS TRIGGER index_item;
ALTER TABLE logistics_item_alias ENABLE ALWAYS TRIGGER index_item;
SELECT logistics_index_item(id) FROM logistics_item;
"""
DROP_SEARCH = """
DROP FUNCTION logistics_item_changed() CASCADE; DROP FUNCTION logistics_item_words_changed() CASCADE;
DROP FUNCTION logistics_alias_made() CASCADE; DROP FUNCTION logistics_index_item(bigint);
DROP FUNCTION logistics_own_words(logistics_item); DROP FUNCTION logistics_endings(text[]);
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial"), ("base", "0001_initial"), ("logistics", "0002_guards")]
    operations = [
        AppendOnly("logistics_item_alias"),
        AppendOnly("logistics_scan"),
        AppendOnly("logistics_license_file"),
        AppendOnly("logistics_one_off_use"),
        AppendOnly("logistics_item_decision"),
        migrations.RunSQL(SCHEMES, DROP_SCHEMES),
        migrations.RunSQL(SUPPLY, DROP_SUPPLY),
        migrations.RunSQL(SIGNED, DROP_SIGNED),
        migrations.RunSQL(ALIAS, DROP_ALIAS),
        migrations.RunSQL(SEARCH, DROP_SEARCH),
    ]
