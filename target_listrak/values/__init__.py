"""What a cell of a record means: text, numbers, dates, email addresses, phone numbers, marks of deletion.

May import `outcomes`.
"""
