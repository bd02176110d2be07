"""The visible part of a stamp."""
