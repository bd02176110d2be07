"""The PDF jail: confined processes that parse, prepare and render files of strangers. They hold no key.

`pool.JailPool` is the side that asks. `python -m meterai.jail` is the confined side; it imports nothing of
the other.
"""
