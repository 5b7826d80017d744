"""What the database itself refuses about cards that change their class, are split or joined, as SQL run by the migration.

* a booked card of another class while its value stands on the accounts of the old one (HR021); what has no value may change;
* a split, joining or change of class that makes or loses value, by fund (HR025), at commit.
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
    IF OLD.status <> 'draft' AND NEW.status <> 'draft' AND NEW.asset_class_id <> OLD.asset_class_id AND EXISTS (
        SELECT FROM assets_move m JOIN assets_class k ON k.id = NEW.asset_class_id
        WHERE m.asset_id = NEW.id AND m.account_id <> k.asset_account_id GROUP BY m.account_id HAVING sum(m.cost) <> 0) THEN
        RAISE EXCEPTION '资产 % 已入账，分类只能用分类变更单更正', OLD.number USING ERRCODE = 'HR021';
    END IF;
    IF OLD.status <> 'draft' AND NEW.campus_id <> OLD.campus_id AND (
        SELECT count(DISTINCT hospital_id) FROM org_campus WHERE id IN (OLD.campus_id, NEW.campus_id)) > 1 THEN
        RAISE EXCEPTION '资产 % 不能划到另一家医院', OLD.number USING ERRCODE = 'HR021';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION assets_value_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
    SELECT f.code, sum(m.cost) AS cost, sum(m.accumulated) AS accumulated INTO bad
    FROM assets_move m JOIN assets_funding l ON l.id = m.line_id JOIN assets_source s ON s.id = l.source_id
    JOIN ledger_fund f ON f.id = s.fund_id
    WHERE m.source = NEW.source GROUP BY f.code HAVING sum(m.cost) <> 0 OR sum(m.accumulated) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% 使经费性质 % 的原值改变 % 元、累计折旧改变 % 元', NEW.source, bad.code, bad.cost, bad.accumulated
            USING ERRCODE = 'HR025', HINT = '拆分、合并与分类变更不增减价值。';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER value_kept AFTER INSERT ON assets_move DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.kind IN ('split', 'split_reversal', 'merge', 'merge_reversal', 'reclass', 'reclass_reversal'))
    EXECUTE FUNCTION assets_value_kept();
ALTER TABLE assets_move ENABLE ALWAYS TRIGGER value_kept;
"""

REVERSE_SQL = """
DROP TRIGGER IF EXISTS value_kept ON assets_move;
DROP FUNCTION IF EXISTS assets_value_kept();
"""
