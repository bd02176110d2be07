"""The verifier as a process of its own, without any secret: `python -m meterai.processes.verifier`.

It holds a root certificate, a jail, and, if it is told one, a database role that may read two views. No key,
no session, no object store: whoever takes it over can answer wrongly, but can sign nothing and change
nothing. Stands beside the site: pages and API of verification alone, behind one port. It speaks plain HTTP,
because a TLS key would be a secret: a proxy in front of it holds that one.
"""
