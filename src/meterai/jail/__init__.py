"""The PDF jail: processes that parse, prepare and render files of strangers, with limits, and hold no key.

`pool.JailPool` is the side that asks; `python -m meterai.jail` is the side that is confined, and
imports nothing of the other.
"""
