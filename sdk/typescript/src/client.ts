/** The client of the API: where everything begins. */

import { readFileSync } from "node:fs";
import { Calls, type Options } from "./calls.js";
import { Bundles } from "./resources/bundles.js";
import { Documents } from "./resources/documents.js";
import { Events } from "./resources/events.js";
import { Organisations } from "./resources/organisations.js";
import { Quotas } from "./resources/quota.js";
import { Reports } from "./resources/reports.js";
import { Sandbox } from "./resources/sandbox.js";
import { Stamps } from "./resources/stamps.js";
import { Usages } from "./resources/usage.js";
import { Verification } from "./resources/verification.js";
import { Webhooks } from "./resources/webhooks.js";

export class Meterai {
  readonly calls: Calls;
  readonly bundles: Bundles;
  readonly organisations: Organisations;
  readonly quota: Quotas;
  readonly documents: Documents;
  readonly stamps: Stamps;
  readonly events: Events;
  readonly webhooks: Webhooks;
  readonly reports: Reports;
  readonly usage: Usages;
  readonly sandbox: Sandbox;
  readonly verification: Verification;

  constructor(options: Options) {
    this.calls = new Calls(options);
    this.bundles = new Bundles(this.calls);
    this.organisations = new Organisations(this.calls);
    this.quota = new Quotas(this.calls);
    this.documents = new Documents(this.calls);
    this.stamps = new Stamps(this.calls);
    this.events = new Events(this.calls);
    this.webhooks = new Webhooks(this.calls);
    this.reports = new Reports(this.calls);
    this.usage = new Usages(this.calls);
    this.sandbox = new Sandbox(this.calls);
    this.verification = new Verification(this.calls);
  }

  /**
   * Makes a client from METERAI_API_URL, METERAI_API_CLIENT, METERAI_API_KEY_ID and METERAI_API_KEY.
   *
   * The last one is the path of the private key. Throws an Error that names the one that is missing.
   */
  static fromEnvironment(): Meterai {
    const clientId = variable("METERAI_API_CLIENT");
    const keyId = variable("METERAI_API_KEY_ID");
    const key = readFileSync(variable("METERAI_API_KEY"), "utf8");
    return new Meterai({ url: variable("METERAI_API_URL"), credentials: { clientId, keyId, key } });
  }
}

function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}
