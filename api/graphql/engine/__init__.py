"""Execution of operations: limits, permissions, paging, ids, problems, and the types that all share."""
