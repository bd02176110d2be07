"""The PDF jail: processes that parse, prepare and render files of strangers, with limits, and hold no key.

`JailPool` is the side that asks; `python -m meterai.kit.pdf.jail` is the side that is confined.
"""

from meterai.kit.pdf.jail.pool import JailPool

__all__ = ["JailPool"]
