"""Meterai: electronic revenue stamps. See docs/architecture.md for the map."""
