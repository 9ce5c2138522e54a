"""Traces by OpenTelemetry, where its variables name a collector; else nothing of this is imported."""
