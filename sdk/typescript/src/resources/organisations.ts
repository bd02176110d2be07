/** Organisations: your own, and those below it. */

import type { Calls, Once } from "../calls.js";
import type { Organisation, OrganisationOrder, OwnOrganisation } from "../shapes.js";

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
}
