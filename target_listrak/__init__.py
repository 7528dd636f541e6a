"""Singer target for Listrak.

The rooms, each importing only rooms below it: `target` (what the SDK calls), `routing` and `loaders`; the
channels `email`, `sms` and `retail`, none of which imports another; `delivery`; `input` and `tracking`;
`config`; `values`; `outcomes`. tests/architecture/test_rooms.py holds this.
"""
