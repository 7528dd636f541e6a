"""How a stream runs where the tap departs from the SDK: steps, prefetching, what streams share in a run.

May import `output`, `records`, `settings`, `incremental`, `clients` and `sdk`, `listrak_api` and the SDK.
"""
