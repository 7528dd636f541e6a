"""The settings, the setting `destinations`, and finding what its names mean.

May import `values` and `outcomes`.
"""
