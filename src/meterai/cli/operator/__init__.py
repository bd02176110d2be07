"""Commands of operators and officers."""
