"""What the database itself refuses about the journal, as SQL run by the migrations.

* an entry in a closed period, or dated outside its period (HR002);
* a line added to an entry after the transaction that wrote the entry (HR003): the entry stores
  ``pg_current_xact_id()``, because ``xmin`` is the subtransaction's inside a savepoint;
* an entry that does not balance or has no line (HR004), checked once per entry at commit: a trigger per line that
  re-sums the entry is quadratic;
* an amount on a statistic, or a money line without amount (HR005); a line without the department its account needs.
"""

SQL = """
CREATE FUNCTION ledger_entry_before() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE p record;
BEGIN
    NEW.xact_id := pg_current_xact_id()::text::bigint;
    SELECT state, book_id, first_day, last_day INTO p FROM ledger_period WHERE id = NEW.period_id FOR SHARE;
    IF p.state <> 'open' THEN
        RAISE EXCEPTION '会计期间 % 已结账，不能记账', to_char(p.first_day, 'YYYY-MM') USING ERRCODE = 'HR002';
    END IF;
    IF NEW.date < p.first_day OR NEW.date > p.last_day OR NEW.book_id <> p.book_id THEN
        RAISE EXCEPTION '日期 % 不在会计期间 % 内', NEW.date, to_char(p.first_day, 'YYYY-MM') USING ERRCODE = 'HR002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER entry_open_period BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_before();
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER entry_open_period;

CREATE FUNCTION ledger_line_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad bigint;
BEGIN
    SELECT l.entry_id INTO bad FROM new_lines l JOIN ledger_entry e ON e.id = l.entry_id
        WHERE e.xact_id <> pg_current_xact_id()::text::bigint LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '凭证 % 已封存，不能再加分录', bad USING ERRCODE = 'HR003';
    END IF;
    SELECT l.entry_id INTO bad FROM new_lines l JOIN ledger_account a ON a.id = l.account_id
        WHERE (a.element = 'stat' AND l.amount <> 0) OR (a.element <> 'stat' AND l.amount = 0 AND l.quantity = 0)
           OR (a.needs_unit AND l.org_unit_id IS NULL) LIMIT 1;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION '凭证 % 的分录与科目性质不符：统计量不带金额，金额科目不得为零，须填科室的科目不得缺科室', bad
            USING ERRCODE = 'HR005';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER line_sealed AFTER INSERT ON ledger_line
    REFERENCING NEW TABLE AS new_lines FOR EACH STATEMENT EXECUTE FUNCTION ledger_line_sealed();
ALTER TABLE ledger_line ENABLE ALWAYS TRIGGER line_sealed;

CREATE FUNCTION ledger_entry_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE n bigint; s numeric;
BEGIN
    SELECT count(*), coalesce(sum(amount), 0) INTO n, s FROM ledger_line WHERE entry_id = NEW.id;
    IF n = 0 OR s <> 0 THEN
        RAISE EXCEPTION '凭证 % 不平：% 行，差额 %', NEW.id, n, s USING ERRCODE = 'HR004';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balanced();
ALTER TABLE ledger_entry ENABLE ALWAYS TRIGGER entry_balanced;

CREATE FUNCTION ledger_period_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF EXISTS (SELECT 1 FROM ledger_entry WHERE period_id = OLD.id) THEN
            RAISE EXCEPTION '会计期间 % 已有凭证，不能删除', to_char(OLD.first_day, 'YYYY-MM') USING ERRCODE = 'HR002';
        END IF;
        RETURN OLD;
    END IF;
    IF NEW.book_id <> OLD.book_id OR NEW.first_day <> OLD.first_day OR NEW.last_day <> OLD.last_day THEN
        RAISE EXCEPTION '会计期间的起止日期不可修改' USING ERRCODE = 'HR002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER period_guard BEFORE UPDATE OR DELETE ON ledger_period
    FOR EACH ROW EXECUTE FUNCTION ledger_period_guard();
ALTER TABLE ledger_period ENABLE ALWAYS TRIGGER period_guard;
"""

DROP_SQL = """
DROP TRIGGER IF EXISTS period_guard ON ledger_period;
DROP TRIGGER IF EXISTS entry_balanced ON ledger_entry;
DROP TRIGGER IF EXISTS line_sealed ON ledger_line;
DROP TRIGGER IF EXISTS entry_open_period ON ledger_entry;
DROP FUNCTION IF EXISTS ledger_period_guard, ledger_entry_balanced, ledger_line_sealed, ledger_entry_before;
"""
