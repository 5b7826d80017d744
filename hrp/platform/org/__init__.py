"""The organisation: hospitals, campuses, org units, their three effective-dated trees, categories and the calendar.

Registers only. Every validity is a pair of business dates, both inclusive (有效期至 is the last valid day); an open
end is NULL.
"""
