import { httpGet } from "./http_get.ts";

/** The least of OpenTelemetry's JSON that tests look at. */
export interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  kind: number;
  attributes: Record<string, string | number>;
  links: { traceId: string; spanId: string }[];
}

interface RawSpan extends Omit<Span, "attributes"> {
  attributes: { key: string; value: { stringValue?: string; doubleValue?: number } }[];
}

/** Kinds of spans as OTLP numbers them. */
export const KIND = { producer: 4, consumer: 5 } as const;

/** An OpenTelemetry collector that keeps what it is sent. Permissions: net, read. */
export class OtlpCollector implements Disposable {
  #spans: Span[] = [];
  /** Sums of counters and counts of histograms, the latest of each process and series. */
  #metrics = new Map<string, number>();
  readonly #worker: Worker;
  readonly #url: string;

  private constructor(worker: Worker, port: number) {
    this.#worker = worker;
    this.#url = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<OtlpCollector> {
    const worker = new Worker(import.meta.resolve("./otlp_worker.ts"), { type: "module" });
    const port = await new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data));
    return new OtlpCollector(worker, port);
  }

  /** What a program needs in its environment to send its telemetry here. */
  get env(): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: this.#url,
    };
  }

  /** Takes over all that has come so far. */
  async refresh(): Promise<void> {
    const received: [string, unknown][] = JSON.parse((await httpGet(this.#url))!.text);
    this.#spans = [];
    this.#metrics = new Map();
    for (const [path, body] of received) this.#keep(path, body);
  }

  /** Spans of our own, by kind. */
  spans(kind: number): Span[] {
    return this.#spans.filter((span) => span.kind === kind);
  }

  /** The sum of a metric over all its series. */
  metric(name: string): number {
    const series = [...this.#metrics].filter(([key]) => key.startsWith(`${name} `));
    return series.reduce((sum, [, value]) => sum + value, 0);
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }

  // deno-lint-ignore no-explicit-any -- OTLP, of which little is used
  #keep(path: string, body: any): void {
    if (path === "/v1/traces") {
      for (const { scopeSpans } of body.resourceSpans) {
        for (const { spans } of scopeSpans) this.#spans.push(...spans.map(asSpan));
      }
    }
    if (path !== "/v1/metrics") return;
    for (const { scopeMetrics } of body.resourceMetrics) {
      for (const { metrics } of scopeMetrics) {
        for (const { name, sum, histogram } of metrics) {
          for (const point of (sum ?? histogram)?.dataPoints ?? []) {
            const series = `${name} ${point.startTimeUnixNano} ${JSON.stringify(point.attributes)}`;
            this.#metrics.set(series, Number(point.asDouble ?? point.asInt ?? point.count));
          }
        }
      }
    }
  }
}

function asSpan({ attributes, ...span }: RawSpan): Span {
  const values = attributes.map(({ key, value }) => [key, value.stringValue ?? value.doubleValue!] as const);
  return { ...span, attributes: Object.fromEntries(values) };
}
