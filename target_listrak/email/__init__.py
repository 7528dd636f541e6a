"""Email lists, profile fields and audiences.

May import `delivery` and what lies below it; not `sms` or `retail`.
"""
