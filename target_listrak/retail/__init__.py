"""Customers, orders, products, reviews and rating summaries.

May import `delivery` and what lies below it; not `email` or `sms`.
"""
