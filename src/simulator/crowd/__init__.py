"""People who use the doors over HTTP."""
