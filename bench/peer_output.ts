/** What Kafka's ConsumerPerformance says. */
export interface ConsumerFigures {
  records: number;
  /** From the first call to the last record, joining the group included. */
  recordsPerSecond: number;
  /** Without the joining. */
  fetchRecordsPerSecond: number;
}

/**
 * Reads the output of ConsumerPerformance: a header, then a line of numbers that begins with two times.
 *
 * Throws where there is no such line.
 */
export function parseConsumerPerformance(output: string): ConsumerFigures {
  const lines = output.split("\n");
  const header = lines.find((line) => line.startsWith("start.time"))?.split(", ") ?? [];
  const values = lines.find((line) => /^\d{4}-\d\d-\d\d /.test(line))?.split(", ") ?? [];
  const column = (name: string) => numberIn(values[header.indexOf(name)], `${name} of ConsumerPerformance`, output);
  return {
    records: column("data.consumed.in.nMsg"),
    recordsPerSecond: column("nMsg.sec"),
    fetchRecordsPerSecond: column("fetch.nMsg.sec"),
  };
}

/** What Kafka's ProducerPerformance says. */
export interface ProducerFigures {
  records: number;
  recordsPerSecond: number;
}

/** Reads the output of ProducerPerformance, whose last line is the one of the whole run. Throws where there is none. */
export function parseProducerPerformance(output: string): ProducerFigures {
  const summary = output.split("\n").findLast((line) => line.includes(" records/sec ")) ?? "";
  const [, records, rate] = /^(\d+) records sent, ([\d.]+) records\/sec /.exec(summary) ?? [];
  return {
    records: numberIn(records, "records of ProducerPerformance", output),
    recordsPerSecond: numberIn(rate, "records/sec of ProducerPerformance", output),
  };
}

/** What Kafka's EndToEndLatency says, in whole milliseconds, rounded down. */
export interface LatencyFigures {
  p50: number;
  p99: number;
}

/** Reads the output of EndToEndLatency. Throws where the percentiles are missing. */
export function parseEndToEndLatency(output: string): LatencyFigures {
  const [, p50, p99] = /^Percentiles: 50th = (\d+), 99th = (\d+)/m.exec(output) ?? [];
  return {
    p50: numberIn(p50, "50th percentile of EndToEndLatency", output),
    p99: numberIn(p99, "99th percentile of EndToEndLatency", output),
  };
}

/** What the Kafka Streams application says. */
export interface StreamsFigures {
  orders: number;
  /** Records that a reader of committed transactions finds in its output. */
  accepted: number;
  /** From the first order until all are judged. */
  judgedSeconds: number;
  /** From the first order until the transactions of all of them are committed. */
  committedSeconds: number;
}

/** Reads the line of JSON that `JudgeOrders` prints. Throws if a figure is missing. */
export function parseStreams(output: string): StreamsFigures {
  const summary: Record<string, unknown> = JSON.parse(output);
  const figure = (name: string) => numberIn(`${summary[name]}`, `${name} of Kafka Streams`, output);
  return {
    orders: figure("orders"),
    accepted: figure("accepted"),
    judgedSeconds: figure("judged_seconds"),
    committedSeconds: figure("committed_seconds"),
  };
}

function numberIn(text: string | undefined, what: string, output: string): number {
  const number = Number.parseFloat(text ?? "");
  if (Number.isNaN(number)) throw new Error(`Cannot find ${what} in its output: ${output.trim().slice(-500)}`);
  return number;
}
