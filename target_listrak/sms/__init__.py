"""Phone Lists, SMS profiles and opt-outs.

May import `delivery` and what lies below it; not `email` or `retail`.
"""
