"""Phone Lists, SMS profiles and opt-outs.

May import `delivery`, `input`, `tracking`, `config`, `values`, `outcomes` and `sdk`, `listrak_api`,
`listrak_singer` and the SDK; no other channel.
"""
