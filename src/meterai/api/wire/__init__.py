"""The wire that integrators of e-Meterai already speak (docs/wire.md), beside API v1."""
