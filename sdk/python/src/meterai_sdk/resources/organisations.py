"""Organisations: your own, and those below it."""

from __future__ import annotations

from collections.abc import Iterator

from meterai_sdk.calls import Calls
from meterai_sdk.shapes import (
    AgreementOrder,
    DatedAgreement,
    Organisation,
    OrganisationRole,
    OrganisationState,
    OwnOrganisation,
)


class Organisations:
    """Reads, adds and changes organisations, and agrees with them."""

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

    def change(self, organisation_id: str, *, state: OrganisationState) -> Organisation:
        """Suspends an organisation right below yours, lets it go on (`active`), or closes it for good."""
        path = f"/api/v1/organisations/{organisation_id}"
        changed: Organisation = self._calls.json("PATCH", path, body={"state": state})
        return changed

    def agree(self, organisation_id: str, terms: AgreementOrder, *, key: str | None = None) -> DatedAgreement:
        """Makes an agreement with an organisation right below yours. What it may owe is your own risk."""
        path = f"/api/v1/organisations/{organisation_id}/agreements"
        made: DatedAgreement = self._calls.json("POST", path, body=terms, key=key)
        return made

    def agreements(self, organisation_id: str) -> Iterator[DatedAgreement]:
        """The agreements of your organisation, or of one below it, the newest first."""
        return self._calls.pages(f"/api/v1/organisations/{organisation_id}/agreements")
