import { join } from "node:path";
import { EXIT, Failure } from "../../../lib/errors.ts";
import { CHECKOUT } from "../folders.ts";
import { providePackage } from "../maven.ts";

const POM = join(CHECKOUT, "tools", "stack", "postgres", "pom.xml");
const MEGABYTES = 15;

/** The names used in the artifacts. */
const PLATFORMS: Readonly<Record<string, string>> = {
  "linux x86_64": "linux-amd64",
  "linux aarch64": "linux-arm64v8",
  "darwin x86_64": "darwin-amd64",
  "darwin aarch64": "darwin-arm64v8",
};

/**
 * The folder with PostgreSQL's `initdb` and `postgres` for the stack in `dataDir`, fetched with Maven the first time.
 *
 * Throws a {@linkcode Failure}: 69 with Maven's message, 78 if Maven is missing or there is no PostgreSQL for this
 * machine. Permissions: run mvn; read, write of the checkout's `.stack`, or of `dataDir`.
 */
export async function providePrograms(dataDir: string, stop: AbortSignal): Promise<string> {
  const wanted = { what: "PostgreSQL", megabytes: MEGABYTES, pom: POM, platform: platformOf(Deno.build) };
  return join(await providePackage(wanted, dataDir, stop), "postgres", "bin");
}

/** What the artifact for a machine is called. */
export function platformOf({ os, arch }: { os: string; arch: string }): string {
  const platform = PLATFORMS[`${os} ${arch}`];
  if (platform !== undefined) return platform;
  throw new Failure(
    EXIT.config,
    `--postgres has no PostgreSQL for ${os} on ${arch}: use --docker, or a server of your own by DATABASE_URL`,
  );
}
