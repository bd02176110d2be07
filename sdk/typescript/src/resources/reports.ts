/** Reports of a month, as CSV and XLSX. Each is compared with the ledger before it is given out. */

import type { Bytes, Calls, Once } from "../calls.js";
import type { Report, ReportOrder } from "../shapes.js";

const PATH = "/api/v1/reports";

export class Reports {
  constructor(private readonly calls: Calls) {}

  /** Asks for a report of a month, such as `2026-11`. If it is not over: of what is booked so far. */
  ask(order: ReportOrder, once: Once = {}): Promise<Report> {
    return this.calls.json("POST", PATH, { body: order, ...once });
  }

  /** A report as it is now. */
  read(id: string): Promise<Report> {
    return this.calls.json("GET", `${PATH}/${id}`);
  }

  /** Your reports, the newest first. They are kept for 30 days. */
  list(): AsyncGenerator<Report> {
    return this.calls.pages(PATH);
  }

  /** Waits until a report is ready or failed. Throws TookTooLong; it is still made then. */
  wait(report: Report, { withinS = 300 } = {}): Promise<Report> {
    const isDone = (one: Report) => one.state !== "waiting";
    return this.calls.wait(report, () => this.read(report.id), { isDone, withinS });
  }

  /** A file of a report. Throws Conflict while it is not ready. */
  download(id: string, format: "csv" | "xlsx" = "csv"): Promise<Bytes> {
    return this.calls.bytes(`${PATH}/${id}/${format}`);
  }
}
