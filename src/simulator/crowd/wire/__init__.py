"""A client as integrators run it: it speaks the wire of e-Meterai, and knows its contract alone."""
