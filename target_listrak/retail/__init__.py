"""Customers, orders, products, reviews, rating summaries. Never imports `email` or `sms`."""
