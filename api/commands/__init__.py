"""The `selo` command's groups, one file each: every one reads its words, calls a service and prints what came
of it.
"""
