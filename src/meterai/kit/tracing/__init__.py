"""Traces (OpenTelemetry), off by default: how long each part of a request or job took, and where."""
