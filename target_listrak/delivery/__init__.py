"""What the loaders of all channels share: the run, its worker pools, import files, mirroring.

May import `config`, `input`, `tracking`, `values` and `outcomes`; no channel.
"""
