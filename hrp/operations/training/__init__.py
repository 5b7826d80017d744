"""Maintenance training (维护培训, 三(二)1(8)): sessions for departments and for the people in charge of the system.

Who came is signed on the spot, by phone or from a list; what they learnt is tried by a quiz on the material of the
session. Signatures, attempts and ratings are facts and stay as they are.
"""
