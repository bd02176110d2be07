"""Decides who may call the API: tokens, clients and their keys, scopes, signatures."""
