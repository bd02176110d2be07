"""PDF work shared by stamping and verification. It reaches no key.

`inspect`, `render_page` and `light_check` parse files of strangers: they run in the jail, through `JailPool`.
"""
