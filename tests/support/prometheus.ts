import { join } from "node:path";
import { CHECKOUT } from "../../tools/stack/folders.ts";
import { type Answer, httpGet } from "./http_get.ts";

/** Where `.ci/run` unpacks Debian's package; `dpkg -x` starts no service. */
const BIN = join(CHECKOUT, ".stack/prometheus/usr/bin");
const REMEDY = "apt-get download prometheus, then dpkg -x it into .stack/prometheus, as .ci/run does";

/** What to append to the name of a test that is skipped because Prometheus is not there; empty if it is. */
export const PROMETHEUS_REMEDY = isThere(join(BIN, "promtool")) ? "" : ` (skipped: ${REMEDY})`;

/** Prometheus' own checker; throws what it complains about. Permission: run. */
export async function promtool(args: readonly string[], input?: string): Promise<string> {
  const child = new Deno.Command(join(BIN, "promtool"), {
    args: [...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  if (input !== undefined) await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`promtool ${args.join(" ")} ended with ${code}: ${said}`);
  return said;
}

interface Result {
  metric: Record<string, string>;
  value: [number, string];
}

/** A Prometheus of a test's own; ended and removed when disposed. */
export class Prometheus implements AsyncDisposable {
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #port: number;

  /** Starts with this configuration, which may name files beside it. Permissions: run, write of a temp folder. */
  constructor(config: string, port: number) {
    this.#folder = Deno.makeTempDirSync({ prefix: "orders-prometheus-" });
    this.#port = port;
    this.#child = new Deno.Command(join(BIN, "prometheus"), {
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${this.#folder}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  /** What an expression evaluates to now; undefined while Prometheus does not answer. Throws if it is wrong. */
  async query(expression: string): Promise<Result[] | undefined> {
    const answer = await this.#ask(`query?query=${encodeURIComponent(expression)}`);
    if (answer === undefined || answer.status === 503) return undefined; // it is starting
    const { status, data, error } = JSON.parse(answer.text);
    if (status !== "success") throw new Error(`${expression}: ${error}`);
    return data.result;
  }

  /** Names of the alerts it watches for. */
  async alertNames(): Promise<string[]> {
    const { data } = JSON.parse((await this.#ask("rules"))!.text);
    return data.groups.flatMap(({ rules }: { rules: { name: string }[] }) => rules.map(({ name }) => name));
  }

  #ask(path: string): Promise<Answer | undefined> {
    return httpGet(`http://127.0.0.1:${this.#port}/api/v1/${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    Deno.removeSync(this.#folder, { recursive: true });
  }
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
