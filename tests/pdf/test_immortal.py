"""The fork server's objects are immortal: using them writes to no page that its copies share."""

import subprocess
import sys

_PROGRAM = """
import gc, sys
from meterai.jail.walls.immortal import IMMORTAL, make_all_immortal

class Known:
    def add(self, one):
        return one + 1000.5

before = Known()
make_all_immortal()
after = Known()
code = Known.add.__code__
for one in (before, Known, Known.add, code, code.co_consts, code.co_consts[-1]):
    assert sys.getrefcount(one) == IMMORTAL, one
assert sys.getrefcount(after) < 10
assert before.add(1) == after.add(1) == 1001.5
before.ring = after
after.ring = after
del before.ring, after
assert gc.collect() >= 1
print("fine")
"""


def test_objects_from_before_are_not_counted_and_later_ones_are() -> None:
    """Later objects still end, also those in circles."""
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert done.stdout == "fine\n", done.stderr
