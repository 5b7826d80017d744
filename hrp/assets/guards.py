"""What the database itself refuses about cards, as SQL run by the migrations.

* a booked card whose departments do not add up to 100 % on the first day of each share (HR020), checked at commit;
* a booked card's class, number, way of value or booking day changed, or a booked card deleted (HR021);
* a funding line of a booked card deleted, or its cost changed without a move of value that explains it (HR022), at commit.
"""

SQL = """
CREATE FUNCTION assets_shares_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record; key bigint := coalesce(NEW.asset_id, OLD.asset_id);
BEGIN
    SELECT a.number, d.day, coalesce(sum(s.ratio), 0) AS ratio INTO bad
    FROM assets_asset a
    CROSS JOIN LATERAL (
        SELECT valid_from AS day FROM assets_share WHERE asset_id = a.id AND valid_from >= a.booked_on
        UNION SELECT valid_to + 1 FROM assets_share WHERE asset_id = a.id AND valid_to >= a.booked_on
        UNION SELECT a.booked_on) d
    LEFT JOIN assets_share s ON s.asset_id = a.id AND s.valid_from <= d.day AND (s.valid_to IS NULL OR s.valid_to >= d.day)
    WHERE a.id = key AND a.status NOT IN ('draft', 'disposed')
    GROUP BY a.number, d.day HAVING coalesce(sum(s.ratio), 0) <> 100 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '资产 % 在 % 的科室比例合计 %，不等于 100', bad.number, bad.day, bad.ratio USING ERRCODE = 'HR020';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER shares_whole AFTER INSERT OR UPDATE OR DELETE ON assets_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION assets_shares_whole();
ALTER TABLE assets_share ENABLE ALWAYS TRIGGER shares_whole;

CREATE FUNCTION assets_card_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION '资产 % 已入账，不能删除', OLD.number USING ERRCODE = 'HR021';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'draft' AND NEW.status <> 'draft' AND (
        NEW.number IS DISTINCT FROM OLD.number OR NEW.asset_class_id <> OLD.asset_class_id OR NEW.way <> OLD.way
        OR NEW.booked_on <> OLD.booked_on OR NEW.campus_id <> OLD.campus_id) THEN
        RAISE EXCEPTION '资产 % 已入账，编号、分类、取得方式、入账日期与院区不能直接修改', OLD.number USING ERRCODE = 'HR021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER card_kept BEFORE UPDATE OR DELETE ON assets_asset FOR EACH ROW EXECUTE FUNCTION assets_card_kept();
ALTER TABLE assets_asset ENABLE ALWAYS TRIGGER card_kept;

CREATE FUNCTION assets_value_explained() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record; line bigint := coalesce(NEW.id, OLD.id); asset bigint := coalesce(NEW.asset_id, OLD.asset_id);
BEGIN
    SELECT a.number, a.cost, l.cost AS stands, coalesce(sum(m.cost), 0) AS moved INTO bad
    FROM assets_asset a LEFT JOIN assets_funding l ON l.id = line AND l.asset_id = a.id
    LEFT JOIN assets_move m ON m.line_id = line
    WHERE a.id = asset AND a.status NOT IN ('draft', 'disposed') GROUP BY a.number, a.cost, l.cost;
    IF FOUND AND coalesce(bad.stands, 0) <> bad.moved THEN
        RAISE EXCEPTION '资产 % 的资金构成 % 元与价值变动合计 % 元不一致', bad.number, bad.stands, bad.moved
            USING ERRCODE = 'HR022';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER value_explained AFTER INSERT OR UPDATE OR DELETE ON assets_funding
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION assets_value_explained();
ALTER TABLE assets_funding ENABLE ALWAYS TRIGGER value_explained;
"""

REVERSE_SQL = """
DROP TRIGGER IF EXISTS value_explained ON assets_funding;
DROP TRIGGER IF EXISTS card_kept ON assets_asset;
DROP TRIGGER IF EXISTS shares_whole ON assets_share;
DROP FUNCTION IF EXISTS assets_value_explained();
DROP FUNCTION IF EXISTS assets_card_kept();
DROP FUNCTION IF EXISTS assets_shares_whole();
"""
