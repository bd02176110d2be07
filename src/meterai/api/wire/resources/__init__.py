"""The endpoints of the wire, by what they are about."""
