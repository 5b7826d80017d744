"""运维中心：合同的每一条，都是对不可改事实的一次查询。

``contracts`` is the floor (what was promised, how the parties read it); ``desk`` is built on it (tickets, clocks,
breaches, maintenance records). Contract clauses are cited in the form ``三(二)1(4)``.
"""
