"""The registrable domains of e-mail addresses, and the large mail providers, which anybody can use."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from publicsuffixlist import PublicSuffixList

SHIPPED = Path(__file__).parent / "mail_providers.txt"
_KNOWN_MAX = 20_000


class MailDomains:
    """Tells whose mailboxes count together.

    Registries sell names below public suffixes such as `ac.id` (publicsuffix.org). Suffixes of firms, such as
    `duckdns.org`, count as one domain: everybody gets names there for nothing.
    """

    def __init__(self, providers: Path = SHIPPED) -> None:
        self._providers = frozenset(read_providers(providers))
        self._registrable = lru_cache(_KNOWN_MAX)(PublicSuffixList(only_icann=True).privatesuffix)

    def counted(self, address: str) -> str:
        """The registrable domain of an e-mail address; empty for a large provider's."""
        domain = address.rpartition("@")[2]
        if domain in self._providers:
            return ""
        found = self._registrable(domain) or domain
        return "" if found in self._providers else found


def read_providers(path: Path) -> list[str]:
    """The domains in a file, one a line; `#` begins a remark. Raises: OSError."""
    lines = (line.partition("#")[0].strip().lower() for line in path.read_text().splitlines())
    return [line for line in lines if line]
