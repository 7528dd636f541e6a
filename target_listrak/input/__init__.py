"""From lines, columns and BATCH files to records, and what a record says of itself.

May import `config`, `values` and `outcomes`.
"""
