/** The summary of `consume`. */
export interface ConsumeSummary {
  orders: number;
  accepted: number;
  ordersPerSecond: number;
}

/** Reads the last line of `deno task consume`. Throws where it is missing. */
export function parseConsume(output: string): ConsumeSummary {
  const found = /^(\d+) orders?: (\d+) accepted.* \((\d+) orders\/s\)$/m.exec(output);
  if (found === null) throw new Error(`Cannot find the summary of consume in ${output.trim().slice(-500)}`);
  const [orders, accepted, ordersPerSecond] = found.slice(1).map(Number);
  return { orders, accepted, ordersPerSecond };
}

/** Whether the line is the verdict on an order. */
export function isVerdict(line: string): boolean {
  return /^(accepted|rejected|skipped) /.test(line);
}

/** The summary of `produce --json` and `replay --json`. */
export interface SendSummary {
  sent: number;
  orders_per_second: number;
}

/** Reads the one line of JSON that `produce --json` and `replay --json` print. Throws where it is missing. */
export function parseSend(output: string): SendSummary {
  const summary: SendSummary = JSON.parse(output);
  if (typeof summary.sent !== "number" || typeof summary.orders_per_second !== "number") {
    throw new Error(`Cannot find sent and orders_per_second in ${output.trim()}`);
  }
  return summary;
}

/** Reads how many orders `verify --json` found accepted. Throws if something is off. */
export function parseVerify(output: string): number {
  const { ok, accepted }: { ok: boolean; accepted: number } = JSON.parse(output);
  if (!ok) throw new Error(`verify found faults: ${output.trim().slice(0, 500)}`);
  return accepted;
}

/** Reads the milliseconds of `what` in the output of one of the bench's own scripts, as in `open 30 ms, close 5 ms`. */
export function parseTimes(output: string, what: string): number {
  const found = new RegExp(`\\b${what} ([\\d.]+) ms`).exec(output);
  if (found === null) throw new Error(`Cannot find the time of ${what} in ${output.trim()}`);
  return Number(found[1]);
}
