"""The rules by which a file is judged. They parse hostile bytes: `judge` is a task of the PDF jail."""

from meterai.verification.in_jail.judging import judge, warm_up

__all__ = ["judge", "warm_up"]
