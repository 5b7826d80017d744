"""应急预案与演练: what both parties agreed to do when the worst happens, and the proof that they have practised it.

A plan has versions, each one canonical text signed by supplier and hospital; the latest signed one is in force. Drills
are held against a version in force and end with a report both parties sign.
"""
