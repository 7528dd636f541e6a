"""How a stream runs where we depart from the SDK: steps, prefetching, what streams share in a run.

May import `output`, `records`, `settings`, `incremental` and what lies below them.
"""
