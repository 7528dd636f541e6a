"""What a cell of a record means: text, numbers, dates, email addresses, phone numbers, deletion markers.

May import `outcomes` and `sdk`, `listrak_api`, `listrak_singer` and the SDK.
"""
