import { main } from "../lib/cli/main.ts";
import { EXIT } from "../lib/errors.ts";
import { withStack } from "./support/stack.ts";

const ROOT = new URL("..", import.meta.url).pathname;
/** Tests under these need no broker. */
const WITHOUT_STACK = ["tests/unit", "tests/conformance"];

/**
 * Runs the tests on a throw-away stack of their own and ends with the line `N passed, N failed`.
 *
 * Arguments are paths of tests, all by default, and `--no-skips`, which lets a skipped test fail the run.
 * Permissions: run deno, env, read, write of temp folders.
 */
export async function run(args: readonly string[], stop: AbortSignal): Promise<number> {
  const noSkips = args.includes("--no-skips");
  const paths = args.filter((arg) => !arg.startsWith("--"));
  const needsStack = paths.length === 0 || paths.some((path) => !WITHOUT_STACK.some((root) => path.startsWith(root)));
  if (!needsStack) return await runTests(paths, {}, { noSkips, stop });
  return await withStack((env) => runTests(paths.length === 0 ? ["tests"] : paths, env, { noSkips, stop }));
}

async function runTests(
  paths: string[],
  env: Record<string, string>,
  { noSkips, stop }: { noSkips: boolean; stop: AbortSignal },
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "-q", "--no-check", "-P=test", ...paths],
    cwd: ROOT,
    env,
    stdout: "piped",
  }).spawn();
  stop.addEventListener("abort", () => child.kill("SIGTERM"));
  const [{ success }, { passed, failed, skipped }] = await Promise.all([child.status, countTests(child.stdout)]);
  const skips = skipped === 0 ? "" : `, ${skipped} skipped`;
  console.log(`${passed} passed, ${failed} failed${skips}`);
  if (noSkips && skipped > 0) console.error("Some tests were skipped; here none may be (--no-skips)");
  return success && passed > 0 && !(noSkips && skipped > 0) ? EXIT.ok : EXIT.failed;
}

/** Shows the test runner's output and reads its last line, `ok | 12 passed (2 steps) | 0 failed | 1 ignored (3s)`. */
async function countTests(output: ReadableStream<Uint8Array>) {
  let tail = "";
  for await (const bytes of output) {
    Deno.stdout.writeSync(bytes);
    tail = (tail + new TextDecoder().decode(bytes)).slice(-2_000);
  }
  const count = (word: string) => Number(new RegExp(`(\\d+) ${word}`).exec(lastLine(tail))?.[1] ?? 0);
  return { passed: count("passed"), failed: count("failed"), skipped: count("ignored") };
}

function lastLine(text: string): string {
  // deno-lint-ignore no-control-regex -- the colours of the test runner
  return text.replace(/\x1b\[\d+m/g, "").split("\n").findLast((line) => /\d+ passed.* \| \d+ failed/.test(line)) ?? "";
}

if (import.meta.main) await main(run);
