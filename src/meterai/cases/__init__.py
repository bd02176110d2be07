"""Cases: complaints and questions of people, and the answers of officers.

A case has a number. People look it up with the number and their contact, or with the link that they were
given.
"""
