"""Screens of the platform's own registers: the journal, approvals, the organisation, people and rights, the trail.

The rooms below the interface cannot declare screens themselves, so theirs are declared here.
"""
