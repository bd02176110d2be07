/** Client of the Meterai partner API. Everything begins with `Meterai`. */

export { Calls, type Bytes, type Given, type Once, type Options } from "./calls.js";
export { Meterai } from "./client.js";
export type { Credentials } from "./credentials.js";
export { openWebhook, type DeliveryHeaders } from "./deliveries.js";
export * from "./problems.js";
export * from "./shapes.js";
export type { Order, OrderOnce } from "./resources/stamps.js";
