"""MongoDB: documents, the one write path, one reader a noun, indexes. Knows nothing of the services above
it.
"""
