"""The settings, the setting `destinations`, and look-ups by name.

May import `values`, `outcomes` and `sdk`, `listrak_api`, `listrak_singer` and the SDK.
"""
