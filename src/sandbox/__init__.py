"""Twins of the outside world: payment gateway, time-stamp authority, inbox, and the development PKI.

They speak the real protocols over real sockets. Nothing of the product imports this package.
"""
