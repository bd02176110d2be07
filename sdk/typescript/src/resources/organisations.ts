/** Organisations: your own, and those below it. */

import type { Calls, Once } from "../calls.js";
import type {
  AgreementOrder,
  DatedAgreement,
  Organisation,
  OrganisationChange,
  OrganisationOrder,
  OwnOrganisation,
} from "../shapes.js";

export class Organisations {
  constructor(private readonly calls: Calls) {}

  /** Your organisation, with the agreement that counts today. */
  own(): Promise<OwnOrganisation> {
    return this.calls.json("GET", "/api/v1/organisation");
  }

  /** The organisations right below yours, the earliest first. */
  list(): AsyncGenerator<Organisation> {
    return this.calls.pages("/api/v1/organisations");
  }

  /** Your organisation, or one below it at any depth. */
  read(id: string): Promise<Organisation> {
    return this.calls.json("GET", `/api/v1/organisations/${id}`);
  }

  /** Adds an organisation right below yours. */
  add(order: OrganisationOrder, once: Once = {}): Promise<Organisation> {
    return this.calls.json("POST", "/api/v1/organisations", { body: order, ...once });
  }

  /** Suspends an organisation right below yours, lets it go on (`active`), or closes it for good. */
  change(id: string, change: OrganisationChange): Promise<Organisation> {
    return this.calls.json("PATCH", `/api/v1/organisations/${id}`, { body: change });
  }

  /** Makes an agreement with an organisation right below yours. What it may owe is your own risk. */
  agree(id: string, terms: AgreementOrder, once: Once = {}): Promise<DatedAgreement> {
    return this.calls.json("POST", `/api/v1/organisations/${id}/agreements`, { body: terms, ...once });
  }

  /** The agreements of your organisation, or of one below it, the newest first. */
  agreements(id: string): AsyncGenerator<DatedAgreement> {
    return this.calls.pages(`/api/v1/organisations/${id}/agreements`);
  }
}
