"""Sentences about the line in front of an event: gate, messages, announcements, audit."""
