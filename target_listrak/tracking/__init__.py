"""The result of each row: tallies, STATE, the rejects file and the report.

May import `outcomes`.
"""
