"""运维合同: what was promised to whom, between which dates, and how both parties read it.

A :class:`ContractVersion` holds the figures (levels, targets, channels, who is told) as signed data, not as code;
a ticket is judged for ever by the version in force when its first contact was made.
"""
