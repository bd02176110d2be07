"""Organisations: your own, and those below it."""

from __future__ import annotations

from collections.abc import Iterator

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import Organisation, OrganisationRole, OwnOrganisation


class Organisations:
    """Reads and adds organisations."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def own(self) -> OwnOrganisation:
        """Your organisation, with the agreement that counts today."""
        own: OwnOrganisation = self._calls.json("GET", "/api/v1/organisation")
        return own

    def list(self) -> Iterator[Organisation]:
        """The organisations right below yours, the earliest first."""
        return self._calls.pages("/api/v1/organisations")

    def read(self, organisation_id: str) -> Organisation:
        """Your organisation, or one below it at any depth."""
        found: Organisation = self._calls.json("GET", f"/api/v1/organisations/{organisation_id}")
        return found

    def add(
        self, name: str, *, code: str, role: OrganisationRole, npwp: str | None = None, key: str | None = None
    ) -> Organisation:
        """Adds an organisation right below yours. `code`: a short name for files and commands."""
        order = {"name": name, "code": code, "role": role, "npwp": npwp}
        added: Organisation = self._calls.json("POST", "/api/v1/organisations", body=order, key=key)
        return added
