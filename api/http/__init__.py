"""HTTP beside GraphQL: health, event intake, media, and the guard at the gate against what is too big or too
slow.
"""
