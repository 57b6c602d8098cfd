import { join } from "node:path";
import type { Program } from "../../lib/cli/program.ts";
import { VERSION } from "../../lib/cli/version.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { grantsOf } from "./grants.ts";
import { runDeno, Unreachable } from "../run_deno.ts";

/** What `deno compile --target` takes. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
  "x86_64-pc-windows-msvc",
  "aarch64-pc-windows-msvc",
] as const;

export interface ExecutableSetting {
  target: string;
  /** The runtime of Deno for that target; by default `deno compile` downloads it. */
  denort: string | undefined;
}

/**
 * Makes an executable of a bundle in its folder, and returns its path. The folder that it will read and write is known
 * only when it starts, and its permissions no longer then: so read is granted in full, and write to those that write.
 *
 * Rejects with a {@linkcode Failure} (69) if Deno's runtime cannot be downloaded, (78) if it was given and is none.
 * Permissions: run, read, write.
 */
export async function makeExecutable(
  program: Program,
  bundle: string,
  { target, denort, stop }: ExecutableSetting & { stop: AbortSignal },
): Promise<string> {
  const { flags, writesStorage } = grantsOf(program);
  const path = join(bundle, "..", target.includes("windows") ? `${program}.exe` : program);
  const files = writesStorage ? ["--allow-read", "--allow-write"] : ["--allow-read"];
  const how = ["-q", "--no-check", "--no-config", "--no-lock", "--target", target, "--app-name", program];
  try {
    await runDeno(["compile", ...how, ...flags, ...files, "-o", path, bundle], stop);
  } catch (error) {
    throw error instanceof Unreachable ? withoutRuntime(error) : error;
  }
  if (target === Deno.build.target) await requireStart(program, path, denort);
  return path;
}

function withoutRuntime({ url }: Unreachable): Failure {
  return new Failure(
    EXIT.unavailable,
    `Cannot download Deno's runtime from ${url}: unpack it elsewhere and name the file denort in DENORT_BIN, ` +
      `or make a file that needs none with --self-extracting`,
  );
}

/** `deno compile` takes any file for the runtime, also one that does not run what it is given. */
async function requireStart(program: Program, path: string, denort: string | undefined): Promise<void> {
  const { stdout } = await new Deno.Command(path, { args: ["--version"], stdin: "null", stderr: "null" }).output();
  if (new TextDecoder().decode(stdout) === `${program} ${VERSION}\n`) return;
  const why = denort === undefined ? "with the runtime that Deno downloaded" : `with DENORT_BIN=${denort}`;
  throw new Failure(EXIT.config, `${program} does not start ${why}: it must be denort of Deno ${Deno.version.deno}`);
}
