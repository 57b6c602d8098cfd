import { dirname, join } from "node:path";
import { print } from "../../lib/cli/print.ts";
import { EXIT, Failure } from "../../lib/errors.ts";
import { exists } from "../../lib/files/disk/exists.ts";
import { DEFAULT_DATA_DIR, FETCH_LOCK_FILE, isReadable, isWritable, JARS_PREFIX } from "./folders.ts";
import { withLock } from "./stack_lock.ts";
import { findMaven, isUnfit, JAVA_ENV } from "./toolchain.ts";

/** Software that Maven fetches, or builds, into a folder. */
export interface Package {
  /** For messages, such as `Kafka and the registry`. */
  what: string;
  /** Approximate download size in megabytes. */
  megabytes: number;
  /** The POM that puts it into `${jars}`. */
  pom: string;
  /** Files that the POM compiles. */
  sources?: readonly string[];
  /** The platform, passed to the POM as `${platform}`; undefined if it fits any. */
  platform?: string;
}

/**
 * The folder of a package for the stack in `dataDir`, fetched the first time.
 *
 * Throws a {@linkcode Failure}: 69 with Maven's message, 78 if Maven is missing. Permissions: run mvn; read, write of
 * the checkout's `.stack`, or of `dataDir`.
 */
export async function providePackage(wanted: Package, dataDir: string, stop: AbortSignal): Promise<string> {
  const folder = await packageFolder(wanted, dataDir);
  if (exists(folder)) return folder;
  await withLock(join(dirname(folder), FETCH_LOCK_FILE), stop, async () => {
    if (!exists(folder)) await fetchPackage(wanted, folder, stop);
  });
  return folder;
}

/**
 * Where the package is or will be: in the checkout for all its stacks, or in `dataDir` if the checkout cannot be
 * written. The folder's name is derived from what the POM and the sources contain. Permissions: read, write of both folders.
 */
export async function packageFolder(
  { pom, sources = [], platform }: Package,
  dataDir: string,
): Promise<string> {
  const contents = [pom, ...sources].map((path) => Deno.readTextFileSync(path)).join("");
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(contents));
  const version = new Uint8Array(digest).toHex().slice(0, 8);
  const name = [`${JARS_PREFIX}${version}`, platform].filter((part) => part !== undefined).join("-");
  const shared = join(DEFAULT_DATA_DIR, name);
  return isReadable(shared) || isWritable(DEFAULT_DATA_DIR) ? shared : join(dataDir, name);
}

/** Into another folder first, so that an interrupted download never looks complete. */
async function fetchPackage({ what, megabytes, pom, platform }: Package, folder: string, stop: AbortSignal) {
  const maven = await findMaven();
  if (isUnfit(maven)) {
    throw new Failure(EXIT.config, `Cannot fetch ${what} without Maven; ${maven.found}: ${maven.remedy}`);
  }
  print(`Fetching ${what} with Maven, about ${megabytes} MB, this once`);
  const temp = `${folder}.${crypto.randomUUID()}`;
  Deno.mkdirSync(temp);
  try {
    const settings = platform === undefined ? [] : [`-Dplatform=${platform}`];
    const { success, stdout } = await new Deno.Command("mvn", {
      args: ["-q", "-B", "-f", pom, `-Djars=${temp}`, ...settings, "package"],
      env: JAVA_ENV,
      stdin: "null",
      signal: stop,
    }).output();
    if (!success) throw new Failure(EXIT.unavailable, `Cannot fetch ${what}: ${complaint(stdout)}`);
    Deno.renameSync(temp, folder);
  } catch (error) {
    Deno.removeSync(temp, { recursive: true });
    throw error;
  }
}

function complaint(stdout: Uint8Array): string {
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.find((line) => line.includes("[ERROR]"))?.replace(/^.*?\[ERROR\] /, "") ?? "Maven was stopped";
}
