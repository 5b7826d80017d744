"""值班: who is on duty in which layer at any instant, and the paging that reaches them.

The rota is made of facts: shifts, cuts and substitutions are only ever added, so what counted at an instant can be
proved later. A paging run follows the chain of the contract's plan until somebody answers. The duty room knows nothing
of tickets; what it pages for registers itself in ``sources``.
"""
