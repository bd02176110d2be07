"""PDF code shared by stamping and verification. It reaches no key.

`inspect`, `render_page` and `light_check` parse uploaded files: they run in the jail, through `JailPool`.
"""
