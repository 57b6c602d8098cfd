import { main } from "../lib/cli/main.ts";
import { EXIT } from "../lib/errors.ts";
import { CHECKOUT } from "../tools/stack/folders.ts";
import { withTestServer } from "./support/postgres.ts";
import { withStack } from "./support/stack.ts";

/** Tests under these need no broker. */
const WITHOUT_STACK = ["tests/unit", "tests/conformance"];

/**
 * Runs the tests on a throw-away stack and a PostgreSQL of their own and ends with the line `N passed, N failed`.
 *
 * Arguments are paths of tests, all by default, and `--no-skips`, which lets a skipped test fail the run
 * unless it needs mounts or namespaces that the machine forbids.
 * Permissions: run deno, env, read, write of temp folders.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  const noSkips = args.includes("--no-skips");
  const paths = args.filter((arg) => !arg.startsWith("--"));
  const needsStack = paths.length === 0 || paths.some((path) => !WITHOUT_STACK.some((root) => path.startsWith(root)));
  return await withTestServer((database) => {
    if (!needsStack) return runTests(paths, database, { noSkips, stop });
    const all = paths.length === 0 ? ["tests"] : paths;
    return withStack((stack) => runTests(all, { ...database, ...stack }, { noSkips, stop }));
  });
}

async function runTests(
  paths: string[],
  env: Record<string, string>,
  { noSkips, stop }: { noSkips: boolean; stop: AbortSignal },
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-q", "--no-check", "-P=test", ...paths],
    cwd: CHECKOUT,
    env: { ...env, DATABASE_URL: "" }, // a person may have set it: tests say which store they mean
    stdout: "piped",
  }).spawn();
  stop.addEventListener("abort", () => child.kill("SIGTERM"));
  const [{ success }, { passed, failed, skipped, unexcused }] = await Promise.all([
    child.status,
    countTests(child.stdout),
  ]);
  const skips = skipped === 0 ? "" : `, ${skipped} skipped`;
  console.log(`${passed} passed, ${failed} failed${skips}`);
  if (noSkips && unexcused > 0) console.error(`${unexcused} tests were skipped that may not be (--no-skips)`);
  return success && passed > 0 && !(noSkips && unexcused > 0) ? EXIT.ok : EXIT.failed;
}

/** Shows the test runner's output and reads its last line, `ok | 12 passed (2 steps) | 0 failed | 1 ignored (3s)`. */
async function countTests(output: ReadableStream<Uint8Array>) {
  let text = "";
  for await (const bytes of output) {
    Deno.stdout.writeSync(bytes);
    text += new TextDecoder().decode(bytes);
  }
  const lines = plain(text).split("\n");
  const last = lines.findLast((line) => /\d+ passed.* \| \d+ failed/.test(line)) ?? "";
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(last)?.[1] ?? 0);
  const skips = lines.filter((line) => line.includes("... ignored"));
  // A machine that forbids mounts or namespaces cannot be helped by installing anything.
  const unexcused = skips.filter((line) => !/mount|namespace/.test(line)).length;
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored"), unexcused };
}

function plain(text: string): string {
  // deno-lint-ignore no-control-regex -- the colours of the test runner
  return text.replace(/\x1b\[[\d;]*m/g, "");
}

if (import.meta.main) await main(run);
