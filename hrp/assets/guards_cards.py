"""More of what the database itself refuses about cards, as SQL run by the migration of the room that found it missing.

* a card that becomes booked, or changes its cost, without funding, moves and departments that say the same (HR022), at commit;
* a card of one hospital going to another (HR021); to another site of its hospital it goes by a transfer;
* units of work of a month that was run (HR023);
* the accounts or method of a class, or the fund of a source, that booked cards stand on (HR024).
"""

SQL = """
CREATE OR REPLACE FUNCTION assets_card_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION '资产 % 已入账，不能删除', OLD.number USING ERRCODE = 'HR021';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'draft' AND NEW.status <> 'draft' AND (
        NEW.number IS DISTINCT FROM OLD.number OR NEW.way <> OLD.way OR NEW.booked_on <> OLD.booked_on) THEN
        RAISE EXCEPTION '资产 % 已入账，编号、取得方式与入账日期不能直接修改', OLD.number USING ERRCODE = 'HR021';
    END IF;
    IF OLD.status <> 'draft' AND NEW.status <> 'draft' AND NEW.asset_class_id <> OLD.asset_class_id AND NOT EXISTS (
        SELECT FROM assets_move m JOIN assets_class k ON k.id = NEW.asset_class_id
        WHERE m.asset_id = NEW.id GROUP BY k.asset_account_id
        HAVING coalesce(sum(m.cost) FILTER (WHERE m.account_id <> k.asset_account_id), 0) = 0) THEN
        RAISE EXCEPTION '资产 % 已入账，分类只能用资产变动单更正', OLD.number USING ERRCODE = 'HR021';
    END IF;
    IF OLD.status <> 'draft' AND NEW.campus_id <> OLD.campus_id AND (
        SELECT count(DISTINCT hospital_id) FROM org_campus WHERE id IN (OLD.campus_id, NEW.campus_id)) > 1 THEN
        RAISE EXCEPTION '资产 % 不能划到另一家医院', OLD.number USING ERRCODE = 'HR021';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION assets_card_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE card record;
BEGIN
    SELECT a.number, a.cost, coalesce((SELECT sum(cost) FROM assets_funding WHERE asset_id = a.id), 0) AS paid,
           coalesce((SELECT sum(cost) FROM assets_move WHERE asset_id = a.id), 0) AS moved,
           coalesce((SELECT sum(ratio) FROM assets_share WHERE asset_id = a.id AND valid_from <= a.booked_on
                     AND (valid_to IS NULL OR valid_to >= a.booked_on)), 0) AS ratio
    INTO card FROM assets_asset a WHERE a.id = NEW.id AND a.status NOT IN ('draft', 'disposed');
    IF FOUND AND (card.cost <> card.paid OR card.cost <> card.moved) THEN
        RAISE EXCEPTION '资产 % 原值 % 元、资金构成 % 元、价值变动 % 元不一致', card.number, card.cost, card.paid, card.moved
            USING ERRCODE = 'HR022';
    END IF;
    IF FOUND AND card.ratio <> 100 THEN
        RAISE EXCEPTION '资产 % 入账日的科室比例合计 %，不等于 100', card.number, card.ratio USING ERRCODE = 'HR020';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER card_whole AFTER UPDATE ON assets_asset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.cost IS DISTINCT FROM NEW.cost OR OLD.booked_on IS DISTINCT FROM NEW.booked_on) EXECUTE FUNCTION assets_card_whole();
ALTER TABLE assets_asset ENABLE ALWAYS TRIGGER card_whole;

CREATE FUNCTION assets_usage_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE which bigint; given date; bad record;
BEGIN
    FOR which, given IN
        SELECT OLD.asset_id, OLD.month WHERE TG_OP <> 'INSERT' UNION SELECT NEW.asset_id, NEW.month WHERE TG_OP <> 'DELETE'
    LOOP
        IF TG_OP = 'UPDATE' AND NEW.units = OLD.units AND NEW.asset_id = OLD.asset_id AND NEW.month = OLD.month THEN
            CONTINUE;
        END IF;
        SELECT a.number, to_char(given, 'YYYY-MM') AS name INTO bad FROM assets_asset a
        JOIN org_campus c ON c.id = a.campus_id JOIN assets_run r ON r.hospital_id = c.hospital_id AND r.state = 'posted'
        WHERE a.id = which AND r.month >= extract(year FROM given)::int * 12 + extract(month FROM given)::int - 1
          AND a.booked_on IS NOT NULL LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION '% 的折旧已计提，不能再改资产 % 的工作量', bad.name, bad.number
                USING ERRCODE = 'HR023', HINT = '请先红冲该月及以后的折旧计提单。';
        END IF;
    END LOOP;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER usage_kept BEFORE INSERT OR UPDATE OR DELETE ON assets_usage FOR EACH ROW EXECUTE FUNCTION assets_usage_kept();
ALTER TABLE assets_usage ENABLE ALWAYS TRIGGER usage_kept;

CREATE FUNCTION assets_class_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM assets_asset WHERE asset_class_id = OLD.id AND status <> 'draft') THEN
        RAISE EXCEPTION '分类 % 已有入账的资产，资产科目、累计折旧科目与折旧方法不能修改', OLD.name
            USING ERRCODE = 'HR024', HINT = '请新建分类，再用资产变动单把资产转过去。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER class_kept BEFORE UPDATE ON assets_class FOR EACH ROW
    WHEN (OLD.asset_account_id <> NEW.asset_account_id OR OLD.method <> NEW.method
          OR OLD.depreciation_account_id IS DISTINCT FROM NEW.depreciation_account_id) EXECUTE FUNCTION assets_class_kept();
ALTER TABLE assets_class ENABLE ALWAYS TRIGGER class_kept;

CREATE FUNCTION assets_source_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM assets_funding l JOIN assets_move m ON m.line_id = l.id WHERE l.source_id = OLD.id) THEN
        RAISE EXCEPTION '资金来源 % 已有入账的资产，经费性质不能修改', OLD.name
            USING ERRCODE = 'HR024', HINT = '请停用后新建资金来源。';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER source_kept BEFORE UPDATE ON assets_source FOR EACH ROW
    WHEN (OLD.fund_id <> NEW.fund_id) EXECUTE FUNCTION assets_source_kept();
ALTER TABLE assets_source ENABLE ALWAYS TRIGGER source_kept;
"""

REVERSE_SQL = """
DROP TRIGGER IF EXISTS source_kept ON assets_source;
DROP TRIGGER IF EXISTS class_kept ON assets_class;
DROP TRIGGER IF EXISTS usage_kept ON assets_usage;
DROP TRIGGER IF EXISTS card_whole ON assets_asset;
DROP FUNCTION IF EXISTS assets_source_kept();
DROP FUNCTION IF EXISTS assets_class_kept();
DROP FUNCTION IF EXISTS assets_usage_kept();
DROP FUNCTION IF EXISTS assets_card_whole();
"""
