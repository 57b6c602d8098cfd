/** The summary of `consume`. */
export interface ConsumeSummary {
  orders: number;
  accepted: number;
  ordersPerSecond: number;
}

/** Reads the last line of `deno task consume`. Throws where it is missing. */
export function parseConsume(output: string): ConsumeSummary {
  const found = /^(\d+) orders: (\d+) accepted.* \((\d+) orders\/s\)$/m.exec(output);
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
