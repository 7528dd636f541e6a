"""How streams run: contexts, steps, prefetching, and what streams share in a run.

May import `output`, `records`, `settings`, `incremental`, `clients` and `sdk`, `listrak_api` and the SDK.
"""
