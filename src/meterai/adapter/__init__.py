"""The adapter: the on-premise part of the wire (`meterai adapter`, docs/wire.md).

It runs at a partner's premises, beside a folder that it shares with the partner's programs. A PDF never
leaves that place: the adapter prepares it in a jail of its own, and has only a hash signed. It has no
database and no key.
"""
