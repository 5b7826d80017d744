"""Which side of 收发存 a move belongs to, as SQL over ``logistics_move m``.

A reversal lessens the side of what it reverses; a true-up of a month's issues belongs to the issues. Percent signs are
doubled: every statement these go into has parameters.
"""

INWARD = """(m.kind NOT LIKE 'month_average%%'
    AND (m.quantity > 0 OR (m.quantity = 0 AND m.amount > 0)) = (m.reverses_id IS NULL))"""

SIDES = f"""
    coalesce(sum(m.quantity) FILTER (WHERE {INWARD}), 0) AS in_quantity,
    coalesce(sum(m.amount) FILTER (WHERE {INWARD}), 0) AS in_amount,
    coalesce(-sum(m.quantity) FILTER (WHERE NOT {INWARD}), 0) AS out_quantity,
    coalesce(-sum(m.amount) FILTER (WHERE NOT {INWARD}), 0) AS out_amount
"""
