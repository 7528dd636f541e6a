"""Singer target for Listrak.

The layers, each importing only layers below it: `target` (what the SDK calls); `routing`, `loaders` and
`cli`; `channels`; `delivery`; `input` and `tracking`; `config`; `values`; `outcomes` and `sdk`. Any of them
may import `listrak_singer`, `listrak_api` and the SDK; none imports the tap or the sandbox.
tests/architecture/test_layers.py checks this.
"""
