"""The result of each row: tallies, STATE, the rejects file and the report.

May import `config`, `values`, `outcomes` and `sdk`, `listrak_api`, `listrak_singer` and the SDK.
"""
