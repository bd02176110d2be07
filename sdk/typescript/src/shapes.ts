/** Short names of what the API takes and gives. `api.ts` is made from its OpenAPI document: `npm run types`. */

import type { components } from "./api.js";

type Schemas = components["schemas"];

export type AgreementOrder = Schemas["AgreementOrder"];
export type ApiRequest = Schemas["ShownRequest"];
export type BlockOrder = Schemas["BlockOrder"];
export type Block = Schemas["ShownBlock"];
export type Bundle = Schemas["Bundle"];
export type BundleFile = Schemas["File"];
export type BundleOrder = Schemas["BundleOrder"];
export type BundleStart = Schemas["BundleStart"];
export type Clock = Schemas["Clock"];
export type DatedAgreement = Schemas["DatedAgreement"];
export type Delivery = Schemas["ShownDelivery"];
export type DeliveryLog = Schemas["DeliveryLog"];
export type Document = Schemas["Document"];
export type Judgement = Schemas["Judgement"];
export type Organisation = Schemas["ShownOrganisation"];
export type OrganisationChange = Schemas["OrganisationChange"];
export type OrganisationOrder = Schemas["OrganisationOrder"];
export type OwnOrganisation = Schemas["OwnOrganisation"];
export type OwnSerial = Schemas["OwnSerial"];
export type Quota = Schemas["ShownQuota"];
export type QuotaAlert = Schemas["QuotaAlert"];
export type ReplayOrder = Schemas["ReplayOrder"];
export type Replayed = Schemas["Replayed"];
export type Report = Schemas["ReportView"];
export type ReportOrder = Schemas["ReportOrder"];
export type ReturnedSerials = Schemas["ReturnedSerials"];
export type SecretOrder = Schemas["SecretOrder"];
export type SerialAnswer = Schemas["SerialAnswer"];
export type Stamp = Schemas["Stamp"];
export type StampFacts = Schemas["StampFacts"];
export type StampOrder = Schemas["StampOrder"];
export type UnstampedSerial = Schemas["UnstampedSerial"];
export type Upload = Schemas["Upload"];
export type Usage = Schemas["Usage"];
export type WantedPlace = Schemas["AtCoordinates"] | Schemas["AtKeyword"] | Schemas["AtPosition"];
export type Webhook = Schemas["ShownWebhook"];
export type WebhookChange = Schemas["WebhookChange"];
export type WebhookKey = Schemas["NewKey"];
export type WebhookOrder = Schemas["WebhookOrder"];

/** Something that happened. `data` has the id of what it happened to, and few facts: fetch the rest. */
export type Event = Omit<Schemas["ShownEvent"], "data"> & { data: { id: string; [fact: string]: unknown } };
