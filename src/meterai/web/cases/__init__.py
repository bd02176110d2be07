"""Complaints and questions: the form, and the page of a case."""
