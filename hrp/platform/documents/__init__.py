"""Documents: the acts of the hospital. Drafted, submitted, approved, posted, reversed; never edited afterwards.

A module declares a concrete type by subclassing :class:`models.Document` and registering it; drafting, approval,
numbering, posting, reversal, attachments and print counts are the same code for all of them.
"""
