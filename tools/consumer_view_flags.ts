import { optional, withDefault } from "@optique/core/modifiers";
import { option } from "@optique/core/primitives";
import { choice, integer, string } from "@optique/core/valueparser";
import { line } from "../lib/cli/parse.ts";
import { EXIT, Failure } from "../lib/errors.ts";

const LOG_FLAG = "--log";

/** How a consumer shows what it does. */
export const viewFlags = {
  log: withDefault(
    option(LOG_FLAG, choice(["text", "json"], { metavar: "FORM" }), {
      description: line("json: everything as JSON lines on stderr"),
    }),
    "text",
  ),
  metricsPort: optional(option("--metrics-port", integer({ min: 0, max: 65_535, metavar: "PORT" }), {
    description: line("Serve /metrics, /health/live and /health/ready on this port (0: a free one)"),
  })),
  metricsHost: optional(option("--metrics-host", string({ metavar: "ADDRESS" }), {
    description: line("Where --metrics-port listens; 127.0.0.1 by default, 0.0.0.0 for everybody (docs/SECURITY.md)"),
  })),
};

/** Where metrics and health are served, if anywhere. */
export function viewSetting(
  { metricsPort: port, metricsHost: host, log, json }: {
    metricsPort?: number;
    metricsHost?: string;
    log?: string;
    json?: boolean;
  },
): { metrics?: { host: string; port: number } } {
  if (port === undefined && host !== undefined) {
    throw new Failure(EXIT.usage, "--metrics-host goes with --metrics-port");
  }
  if (json && log === "json") {
    throw new Failure(
      EXIT.usage,
      "--json prints a summary on stdout, --log json everything on stderr: give one of them",
    );
  }
  return port === undefined ? {} : { metrics: { host: host ?? "127.0.0.1", port } };
}

/** Whether `args` ask for a JSON log: known before they are parsed, so that an error in them is one of its lines. */
export function wantsJsonLog(args: readonly string[]): boolean {
  return args.some((arg, index) => arg === `${LOG_FLAG}=json` || arg === LOG_FLAG && args[index + 1] === "json");
}
