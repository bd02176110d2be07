/** Short names of what the API takes and gives. `api.ts` is made from its OpenAPI document: `npm run types`. */

import type { components } from "./api.js";

type Schemas = components["schemas"];

export type BlockOrder = Schemas["BlockOrder"];
export type Block = Schemas["ShownBlock"];
export type Bundle = Schemas["Bundle"];
export type BundleFile = Schemas["File"];
export type BundleOrder = Schemas["BundleOrder"];
export type Document = Schemas["Document"];
export type Judgement = Schemas["Judgement"];
export type Organisation = Schemas["ShownOrganisation"];
export type OrganisationOrder = Schemas["OrganisationOrder"];
export type OwnOrganisation = Schemas["OwnOrganisation"];
export type Quota = Schemas["ShownQuota"];
export type SerialAnswer = Schemas["SerialAnswer"];
export type Stamp = Schemas["Stamp"];
export type StampFacts = Schemas["StampFacts"];
export type StampOrder = Schemas["StampOrder"];
export type WantedPlace = Schemas["AtCoordinates"] | Schemas["AtKeyword"] | Schemas["AtPosition"];

/** Something that happened. `data` has the id of what it happened to, and few facts: fetch the rest. */
export interface Event {
  id: string;
  type: string;
  timestamp: string;
  data: { id: string; [fact: string]: unknown };
}
