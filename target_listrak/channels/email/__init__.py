"""Email lists, profile fields and audiences.

May import `delivery`, `input`, `tracking`, `config`, `values`, `outcomes` and `sdk`, `listrak_api`,
`listrak_singer` and the SDK; no other channel.
"""
