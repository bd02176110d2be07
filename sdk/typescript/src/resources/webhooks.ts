/** Webhooks: addresses to which Meterai sends a message about each event. */

import type { Calls, Once } from "../calls.js";
import type {
  Delivery,
  DeliveryLog,
  Replayed,
  ReplayOrder,
  SecretOrder,
  Webhook,
  WebhookChange,
  WebhookKey,
  WebhookOrder,
} from "../shapes.js";

const PATH = "/api/v1/webhooks";

export class Webhooks {
  constructor(private readonly calls: Calls) {}

  /**
   * Adds a webhook. `types`: only events of these types; else all. `scheme`: how messages are signed.
   *
   * Keep the secret of the answer: it is shown this once.
   */
  add(order: WebhookOrder, once: Once = {}): Promise<WebhookKey> {
    return this.calls.json("POST", PATH, { body: order, ...once });
  }

  /** Your webhooks, the earliest first. */
  list(): AsyncGenerator<Webhook> {
    return this.calls.pages(PATH);
  }

  /** A webhook as it is now. */
  read(id: string): Promise<Webhook> {
    return this.calls.json("GET", `${PATH}/${id}`);
  }

  /** Changes what is given. A webhook that is disabled loses the messages that wait for it. */
  change(id: string, change: WebhookChange): Promise<Webhook> {
    return this.calls.json("PATCH", `${PATH}/${id}`, { body: change });
  }

  /** Removes a webhook, and the messages that wait for it. */
  async remove(id: string): Promise<void> {
    await this.calls.send("DELETE", `${PATH}/${id}`);
  }

  /** Makes a new secret. For `overlap_hours` (24) messages are signed with the one before, too. */
  rotateSecret(id: string, order: SecretOrder = {}, once: Once = {}): Promise<WebhookKey> {
    return this.calls.json("POST", `${PATH}/${id}/secrets`, { body: order, ...once });
  }

  /** Sends a test event. Read its delivery to see how it went. */
  test(id: string, once: Once = {}): Promise<Delivery> {
    return this.calls.json("POST", `${PATH}/${id}/tests`, { ...once });
  }

  /**
   * Sends up to 1,000 messages again: those with these ids, in these states, since this time.
   *
   * Without `states`: those that failed, or were stopped.
   */
  replay(id: string, order: ReplayOrder = {}, once: Once = {}): Promise<Replayed> {
    return this.calls.json("POST", `${PATH}/${id}/replays`, { body: order, ...once });
  }

  /** The messages to a webhook, the newest first. */
  deliveries(id: string): AsyncGenerator<Delivery> {
    return this.calls.pages(`${PATH}/${id}/deliveries`);
  }

  /** A message with each attempt to send it. */
  readDelivery(id: string): Promise<DeliveryLog> {
    return this.calls.json("GET", `/api/v1/deliveries/${id}`);
  }
}
