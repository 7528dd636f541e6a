"""What the loaders of all channels share: the run, its worker pools, import files, mirroring.

May import `input`, `tracking`, `config`, `values`, `outcomes` and `sdk`, `listrak_api`, `listrak_singer` and
the SDK; no channel.
"""
