"""Verification for people."""
