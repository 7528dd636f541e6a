"""A package for each API that records are loaded into: email, SMS, retail data, Cross Channel, Privacy.

None imports another. Each may import `delivery` and what is below it.
"""
