"""What the database itself refuses about allocation runs, as SQL run by the migrations.

* a certificate for a run that was posted before, or none of whose transaction posts it (HR020);
* facts added to a run after the transaction that wrote its certificate (HR021);
* facts that do not add up: checked once per certificate at commit, by the same query the nightly invariants run (HR022);
* a rule of a version that a posted run has used (HR023).
"""

BREACHES_SQL = """
CREATE FUNCTION costing_run_breaches(run bigint)
RETURNS TABLE (rule text, unit_id bigint, item_id bigint, fund_id bigint, expected bigint, found bigint)
LANGUAGE sql STABLE AS $$
WITH arrived AS (
    SELECT receiver_id AS unit_id, item_id, fund_id,
           coalesce(sum(amount_fen) FILTER (WHERE level = 0), 0) AS l0,
           coalesce(sum(amount_fen) FILTER (WHERE level = 1), 0) AS l1,
           coalesce(sum(amount_fen) FILTER (WHERE level = 2), 0) AS l2,
           coalesce(sum(amount_fen) FILTER (WHERE level = 3), 0) AS l3
    FROM costing_posting WHERE run_id = run GROUP BY 1, 2, 3
), sent AS (
    SELECT source_id AS unit_id, item_id, fund_id,
           coalesce(sum(amount_fen) FILTER (WHERE level = 0), 0) AS l0,
           coalesce(sum(amount_fen) FILTER (WHERE level > 0), 0) AS later
    FROM costing_posting WHERE run_id = run GROUP BY 1, 2, 3
), collected AS (
    SELECT unit_id, item_id, fund_id, sum(amount_fen) AS fen
    FROM costing_collected WHERE run_id = run AND participates GROUP BY 1, 2, 3
), cost AS (
    SELECT unit_id, item_id, fund_id, direct_fen, from_a_fen, from_x_fen, from_t_fen, held_fen
    FROM costing_full_cost WHERE run_id = run
), cell AS (
    SELECT unit_id, item_id, fund_id, d.category,
           coalesce(c.direct_fen, 0) AS direct, coalesce(c.from_a_fen, 0) AS a, coalesce(c.from_x_fen, 0) AS x,
           coalesce(c.from_t_fen, 0) AS t, coalesce(c.held_fen, 0) AS held,
           coalesce(i.l0, 0) AS in0, coalesce(i.l1, 0) AS in1, coalesce(i.l2, 0) AS in2, coalesce(i.l3, 0) AS in3,
           coalesce(o.l0, 0) AS out0, coalesce(o.later, 0) AS out1, coalesce(k.fen, 0) AS collected
    FROM cost c
    FULL JOIN arrived i USING (unit_id, item_id, fund_id)
    FULL JOIN sent o USING (unit_id, item_id, fund_id)
    FULL JOIN collected k USING (unit_id, item_id, fund_id)
    LEFT JOIN (SELECT unit_id, category FROM costing_run_department WHERE run_id = run) d USING (unit_id)
)
SELECT 'I4 直接成本', unit_id, item_id, fund_id, (collected + in0 - out0)::bigint, direct FROM cell
    WHERE direct <> collected + in0 - out0
UNION ALL SELECT 'I4 分摊行政后勤', unit_id, item_id, fund_id, in1::bigint, a FROM cell WHERE a <> in1
UNION ALL SELECT 'I4 分摊医疗辅助', unit_id, item_id, fund_id, in2::bigint, x FROM cell WHERE x <> in2
UNION ALL SELECT 'I4 分摊医疗技术', unit_id, item_id, fund_id, in3::bigint, t FROM cell WHERE t <> in3
UNION ALL SELECT 'I3 转出', unit_id, item_id, fund_id, (direct + a + x + t - held)::bigint, out1::bigint FROM cell
    WHERE category IS DISTINCT FROM 'clinical' AND out1 <> direct + a + x + t - held
UNION ALL SELECT 'I2 临床不再转出', unit_id, item_id, fund_id, 0, out1::bigint FROM cell
    WHERE category = 'clinical' AND (out1 <> 0 OR held <> 0)
UNION ALL SELECT 'I1 合计', NULL, NULL, NULL, c.after_fen,
        (SELECT coalesce(sum(direct + a + x + t), 0)::bigint FROM cell WHERE category = 'clinical')
        + (SELECT coalesce(sum(held), 0)::bigint FROM cell)
    FROM costing_certificate c WHERE c.run_id = run AND c.after_fen <>
        (SELECT coalesce(sum(direct + a + x + t), 0) FROM cell WHERE category = 'clinical')
        + (SELECT coalesce(sum(held), 0) FROM cell)
UNION ALL SELECT 'I1 归集', NULL, NULL, NULL, c.collected_fen, k.fen
    FROM costing_certificate c, (SELECT coalesce(sum(amount_fen), 0)::bigint AS fen,
        coalesce(sum(amount_fen) FILTER (WHERE participates), 0)::bigint AS part
        FROM costing_collected WHERE run_id = run) k
    WHERE c.run_id = run AND (c.collected_fen <> k.fen OR c.before_fen <> k.part)
UNION ALL SELECT '记录数', NULL, NULL, NULL, c.postings, n.n
    FROM costing_certificate c, (SELECT count(*) AS n FROM costing_posting WHERE run_id = run) n
    WHERE c.run_id = run AND c.postings <> n.n
$$;
"""

CERTIFICATE_SQL = """
ALTER TABLE costing_certificate ADD CONSTRAINT costing_certificate_of_run FOREIGN KEY (run_id) REFERENCES costing_run (id);

CREATE FUNCTION costing_certificate_before() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE run_state text;
BEGIN
    NEW.xact_id := pg_current_xact_id()::text::bigint;
    SELECT state INTO run_state FROM costing_run WHERE id = NEW.run_id;
    IF run_state IS DISTINCT FROM 'approved' THEN
        RAISE EXCEPTION '分摊单 % 不在可过账状态，不能写入证书', NEW.run_id USING ERRCODE = 'HR020';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER certificate_before BEFORE INSERT ON costing_certificate
    FOR EACH ROW EXECUTE FUNCTION costing_certificate_before();
ALTER TABLE costing_certificate ENABLE ALWAYS TRIGGER certificate_before;

CREATE FUNCTION costing_certificate_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record; run_state text;
BEGIN
    SELECT state INTO run_state FROM costing_run WHERE id = NEW.run_id;
    IF run_state NOT IN ('posted', 'reversed') THEN
        RAISE EXCEPTION '分摊单 % 没有过账，不能留下证书', NEW.run_id USING ERRCODE = 'HR020';
    END IF;
    SELECT * INTO bad FROM costing_run_breaches(NEW.run_id) LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '分摊单 % 不守恒：% 科室 % 项目 % 经费 %，应为 %，实为 %', NEW.run_id, bad.rule, bad.unit_id,
            bad.item_id, bad.fund_id, bad.expected, bad.found USING ERRCODE = 'HR022';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER certificate_adds_up AFTER INSERT ON costing_certificate
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION costing_certificate_adds_up();
ALTER TABLE costing_certificate ENABLE ALWAYS TRIGGER certificate_adds_up;

CREATE FUNCTION costing_facts_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad bigint;
BEGIN
    SELECT f.run_id INTO bad FROM (SELECT DISTINCT run_id FROM new_facts) f
        JOIN costing_certificate c ON c.run_id = f.run_id
        WHERE c.xact_id <> pg_current_xact_id()::text::bigint LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '分摊单 % 的结果已封存，不能再增加', bad USING ERRCODE = 'HR021';
    END IF;
    RETURN NULL;
END $$;
"""

FACT_TABLES = (
    "costing_run_department", "costing_collected", "costing_driver_value", "costing_posting", "costing_full_cost",
)  # fmt: skip

FACTS_SQL = "\n".join(
    f"""
CREATE TRIGGER facts_sealed AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS new_facts FOR EACH STATEMENT EXECUTE FUNCTION costing_facts_sealed();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER facts_sealed;
"""
    for table in FACT_TABLES
)

RULES_SQL = """
CREATE FUNCTION costing_rule_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE old_set bigint; new_set bigint; bad bigint;
BEGIN
    IF TG_TABLE_NAME = 'costing_rule_fallback' THEN
        IF TG_OP <> 'INSERT' THEN SELECT rule_set_id INTO old_set FROM costing_rule WHERE id = OLD.rule_id; END IF;
        IF TG_OP <> 'DELETE' THEN SELECT rule_set_id INTO new_set FROM costing_rule WHERE id = NEW.rule_id; END IF;
    ELSE
        IF TG_OP <> 'INSERT' THEN old_set := OLD.rule_set_id; END IF;
        IF TG_OP <> 'DELETE' THEN new_set := NEW.rule_set_id; END IF;
    END IF;
    SELECT r.rule_set_id INTO bad FROM costing_run r
        WHERE r.rule_set_id IN (old_set, new_set) AND r.state IN ('posted', 'reversed') LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '该规则版本已用于过账的分摊，不能修改' USING ERRCODE = 'HR023',
            HINT = '请复制为新版本后修改。';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON costing_rule
    FOR EACH ROW EXECUTE FUNCTION costing_rule_frozen();
ALTER TABLE costing_rule ENABLE ALWAYS TRIGGER rule_frozen;
CREATE TRIGGER rule_frozen BEFORE INSERT OR UPDATE OR DELETE ON costing_rule_fallback
    FOR EACH ROW EXECUTE FUNCTION costing_rule_frozen();
ALTER TABLE costing_rule_fallback ENABLE ALWAYS TRIGGER rule_frozen;
"""

SQL = BREACHES_SQL + CERTIFICATE_SQL + FACTS_SQL + RULES_SQL

DROP_SQL = (
    "DROP TRIGGER IF EXISTS rule_frozen ON costing_rule; DROP TRIGGER IF EXISTS rule_frozen ON costing_rule_fallback;\n"
    + "\n".join(f"DROP TRIGGER IF EXISTS facts_sealed ON {table};" for table in FACT_TABLES)
    + """
DROP TRIGGER IF EXISTS certificate_adds_up ON costing_certificate;
DROP TRIGGER IF EXISTS certificate_before ON costing_certificate;
ALTER TABLE costing_certificate DROP CONSTRAINT IF EXISTS costing_certificate_of_run;
DROP FUNCTION IF EXISTS costing_rule_frozen, costing_facts_sealed, costing_certificate_adds_up,
    costing_certificate_before, costing_run_breaches;
"""
)
