"""Letters of the serial number: our own, made of straight strokes, easy to tell apart when small.

Zero has a bar and the letter O has none; I has two feet and 1 has a flag. As paths they need no font, and a
serial number takes a few bytes per letter. Drawn on a grid of 8 by 12.
"""

from __future__ import annotations

ADVANCE = 11.5
"""Distance between the starts of two letters, in units of the grid."""
HEIGHT = 12
"""Height of a letter, in units of the grid."""
_WIDTH = 8
_ROUND = "2 0 m 6 0 l 8 2 l 8 10 l 6 12 l 2 12 l 0 10 l 0 2 l h"
_STROKES = {
    "0": f"{_ROUND} 3 4 m 5 8 l",
    "1": "1 9 m 4 12 l 4 0 l 1 0 m 7 0 l",
    "2": "0 10 m 2 12 l 6 12 l 8 10 l 8 7 l 0 0 l 8 0 l",
    "3": "0 12 m 8 12 l 4 7 l 6 7 l 8 5 l 8 2 l 6 0 l 2 0 l 0 2 l",
    "4": "6 0 m 6 12 l 0 4 l 8 4 l",
    "5": "8 12 m 0 12 l 0 7 l 6 7 l 8 5 l 8 2 l 6 0 l 0 0 l",
    "6": "7 12 m 4 12 l 0 7 l 0 2 l 2 0 l 6 0 l 8 2 l 8 5 l 6 7 l 0 7 l",
    "7": "0 12 m 8 12 l 3 0 l",
    "8": "6 7 m 2 7 l 0 9 l 0 10 l 2 12 l 6 12 l 8 10 l 8 9 l h "
    "2 7 m 0 5 l 0 2 l 2 0 l 6 0 l 8 2 l 8 5 l 6 7 l",
    "9": "1 0 m 4 0 l 8 5 l 8 10 l 6 12 l 2 12 l 0 10 l 0 7 l 2 5 l 8 5 l",
    "A": "0 0 m 4 12 l 8 0 l 1 4 m 7 4 l",
    "B": "0 0 m 0 12 l 6 12 l 8 10 l 8 8 l 6 6 l 0 6 l 6 6 m 8 4 l 8 2 l 6 0 l 0 0 l",
    "C": "8 10 m 6 12 l 2 12 l 0 10 l 0 2 l 2 0 l 6 0 l 8 2 l",
    "D": "0 0 m 0 12 l 5 12 l 8 9 l 8 3 l 5 0 l h",
    "E": "8 0 m 0 0 l 0 12 l 8 12 l 0 6 m 6 6 l",
    "F": "0 0 m 0 12 l 8 12 l 0 6 m 6 6 l",
    "G": "8 10 m 6 12 l 2 12 l 0 10 l 0 2 l 2 0 l 6 0 l 8 2 l 8 6 l 5 6 l",
    "H": "0 0 m 0 12 l 8 0 m 8 12 l 0 6 m 8 6 l",
    "I": "1 12 m 7 12 l 4 12 m 4 0 l 1 0 m 7 0 l",
    "J": "3 12 m 8 12 l 8 2 l 6 0 l 2 0 l 0 2 l",
    "K": "0 0 m 0 12 l 8 12 m 0 5 l 3 7 m 8 0 l",
    "L": "0 12 m 0 0 l 8 0 l",
    "M": "0 0 m 0 12 l 4 6 l 8 12 l 8 0 l",
    "N": "0 0 m 0 12 l 8 0 l 8 12 l",
    "O": _ROUND,
    "P": "0 0 m 0 12 l 6 12 l 8 10 l 8 7 l 6 5 l 0 5 l",
    "Q": f"{_ROUND} 5 3 m 9 -1 l",
    "R": "0 0 m 0 12 l 6 12 l 8 10 l 8 7 l 6 5 l 0 5 l 4 5 m 8 0 l",
    "S": "8 10 m 6 12 l 2 12 l 0 10 l 0 8 l 2 6 l 6 6 l 8 4 l 8 2 l 6 0 l 2 0 l 0 2 l",
    "T": "0 12 m 8 12 l 4 12 m 4 0 l",
    "U": "0 12 m 0 2 l 2 0 l 6 0 l 8 2 l 8 12 l",
    "V": "0 12 m 4 0 l 8 12 l",
    "W": "0 12 m 2 0 l 4 7 l 6 0 l 8 12 l",
    "X": "0 0 m 8 12 l 0 12 m 8 0 l",
    "Y": "0 12 m 4 6 l 8 12 l 4 6 m 4 0 l",
    "Z": "0 12 m 8 12 l 0 0 l 8 0 l",
}
_DRAWN = {letter: f"{path} S 1 0 0 1 {ADVANCE} 0 cm\n".encode() for letter, path in _STROKES.items()}
_DRAWN[" "] = f"1 0 0 1 {ADVANCE} 0 cm\n".encode()


def letters_width(count: int, scale: float) -> float:
    """Returns the width of this many letters, without the gap after the last one."""
    return ((count - 1) * ADVANCE + _WIDTH) * scale


def draw_letters(text: str, *, left: float, bottom: float, scale: float, stroke: float) -> bytes:
    """Returns the operators that draw capitals, digits and spaces in the stroking colour.

    `stroke` in units of the stamp.
    """
    start = f"q {scale} 0 0 {scale} {left:.2f} {bottom:.2f} cm {stroke / scale:.2f} w 1 J 1 j\n"
    return start.encode() + b"".join([_DRAWN[letter] for letter in text]) + b"Q\n"
