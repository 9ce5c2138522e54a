"""What people and tills ask of the programme, in business words: a story a file, each opens one transaction
at the most.
"""
