"""The verifier: verification alone, as a process without any secret (`python -m
meterai.processes.verifier`).

It holds a root certificate and a jail. If configured, it also has a database role that may read two views. It
has no key, no session and no object store. Somebody who takes it over can give wrong answers, but can sign
nothing and change nothing.

It serves the pages and the API of verification on one port. It speaks plain HTTP, because a TLS key would be
a secret: a proxy in front of it holds that key.
"""
