"""Makes the dots of strangers' pictures plain: eight bits each, on white. Runs in the jail."""

from __future__ import annotations

from PIL import Image


def has_sixteen_bits(picture: Image.Image) -> bool:
    """Whether each dot has more than eight bits."""
    return picture.mode.startswith("I")


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """A picture of 16 bits a dot in grey. Pillow alone would keep the lower half of the bits."""
    return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")


def on_white(clear: Image.Image, mode: str) -> Image.Image:
    """A picture in RGBA, in `mode` (L or RGB). What is transparent becomes white."""
    ground = Image.new(mode, clear.size, "white")
    ground.paste(clear, mask=clear.getchannel("A"))  # which Pillow brings to the mode of the ground
    return ground
