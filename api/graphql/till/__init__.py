"""What staff read and do at a till, one noun a file. It may use the member's types; they never use the
till's.
"""
