import { join } from "node:path";
import { eventually } from "../support/commands.ts";
import { type LinkMood, TcpProxy } from "../support/tcp_proxy.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { Traffic } from "./kafka_traffic.ts";
import { brokenOf, endOf, KafkaWorld, moment } from "./kafka_world.ts";

const MOODS: LinkMood[] = ["cut", "silent", "slow"];
const LONGEST_MS = 12_000;
/** Longer than the session of a member lasts; every fifth run. */
const BEYOND_SESSION_MS = 35_000;
const RESUME_LIMIT_MS = 60_000;
const GATE = join(import.meta.dirname!, "../support/link_gate.ts");

/**
 * Row 16: the link between the consumer and everything else breaks, falls silent or becomes slow.
 *
 * Brokers tell clients their own address, so a proxy at another one would be left at once. The consumer lives in a
 * network namespace of its own, in which that address leads to the proxy.
 */
export const linkCut: Fault = {
  row: 16,
  name: "link cut or slow",
  runs: { full: 20, sample: 1 },
  skip: () => canUnshare() ? undefined : "needs network namespaces: Linux, unshare and ip, and the right to use them",
  async run(context: FaultContext): Promise<FaultOutcome> {
    const { random, env } = context;
    await using world = await KafkaWorld.create(context);
    await using link = await Link.between(world.storage.folder, env);
    await using consumer = await world.consumer([], link.wrapper);
    const traffic = new Traffic(world, { random, pauseMs: 100 });
    await eventually("verdicts before the fault", () => world.verdicts() > 0);
    await moment(random() * 1_000);
    const mood = MOODS[Math.floor(random() * MOODS.length)];
    const lastsMs = random() < 0.2 ? BEYOND_SESSION_MS : 500 + random() * LONGEST_MS;

    const struckAt = performance.now();
    link.setMood(mood);
    await moment(lastsMs);
    const overAt = performance.now();
    link.setMood("well");
    await traffic.stop();
    const sent = world.sent.length;
    await world.send(50);
    await eventually("orders sent after it are judged", () => {
      const unjudged = new Set(world.unjudged());
      return !world.sent.slice(sent).some((id) => unjudged.has(id));
    }, 2 * RESUME_LIMIT_MS);
    const resumedAt = performance.now();
    consumer.signal("SIGTERM");
    const { code, stderr } = await endOf(consumer);
    return await world.outcome(
      resumedAt - struckAt,
      brokenOf({
        [`${mood} for ${lastsMs} ms: verdicts again within 60 s, took ${resumedAt - overAt} ms`]:
          resumedAt - overAt < RESUME_LIMIT_MS,
        [`${mood} for ${lastsMs} ms: the consumer ends with 0, got ${code}: ${stderr.slice(-500)}`]: code === 0,
      }),
    );
  },
};

/** The ways from a network namespace to the broker and the registry. */
class Link implements AsyncDisposable {
  /** Puts a command into the namespace. */
  readonly wrapper: readonly string[];
  readonly #proxies: readonly TcpProxy[];

  private constructor(proxies: readonly TcpProxy[], gates: readonly string[]) {
    this.#proxies = proxies;
    const gate = `"${Deno.execPath()}" run -q -A "${GATE}" ${gates.join(" ")} </dev/null >/dev/null 2>&1 &`;
    this.wrapper = ["unshare", "-rn", "sh", "-c", `ip link set lo up; ${gate} exec "$@"`, "sh"];
  }

  static async between(folder: string, env: FaultContext["env"]): Promise<Link> {
    const targets = [...env.KAFKA_BOOTSTRAP_SERVERS.split(","), new URL(env.SCHEMA_REGISTRY_URL).host];
    const proxies: TcpProxy[] = [];
    const gates: string[] = [];
    for (const target of targets) {
      const [host, port] = target.split(":");
      const socket = join(folder, `link-${port}.sock`);
      proxies.push(await TcpProxy.listen(socket, { host, port: Number(port) }));
      gates.push(`${port}=${socket}`);
    }
    return new Link(proxies, gates);
  }

  setMood(mood: LinkMood): void {
    for (const proxy of this.#proxies) proxy.setMood(mood);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const proxy of this.#proxies) await proxy[Symbol.asyncDispose]();
  }
}

function canUnshare(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const args = ["-rn", "ip", "link", "set", "lo", "up"];
    return new Deno.Command("unshare", { args, stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false; // there is no unshare
  }
}
