"""The rules by which a file is judged. They parse hostile bytes: run them in the PDF jail.

`judge` and `picture` are the jail's tasks.
"""

from meterai.verification.rules.judging import judge
from meterai.verification.rules.rendered import picture

__all__ = ["judge", "picture"]
