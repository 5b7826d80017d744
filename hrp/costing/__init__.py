"""Hospital cost accounting (成本核算): from the journal to what each clinical department costs in full.

Documents: 成本费用归集单 (costs no other module books), 统计量录入单 (statistics no other module counts) and 成本分摊单
(one three-level allocation of one month). The allocation is management accounting: it lives in its own append-only
subledger and leaves no journal entry.
"""
