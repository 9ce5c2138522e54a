"""The groups of the `selo` command, one file each: each reads its options, calls a service and prints the
result.
"""
