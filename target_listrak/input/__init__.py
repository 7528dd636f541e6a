"""From lines, columns and BATCH files to records, and what a record says about itself.

May import `config`, `values`, `outcomes` and `sdk`, `listrak_api`, `listrak_singer` and the SDK.
"""
