import { dirname, join } from "node:path";
import { exists } from "../../lib/files/disk/exists.ts";
import { withArgumentFile } from "./argument_file.ts";
import { brokerName, CLUSTER_ID_FILE } from "./folders.ts";
import type { Jars } from "./jars.ts";
import { formatCommand } from "./jvm.ts";
import { javaFailure, lastMeaningfulLine } from "./service.ts";
import type { StackPlan } from "./plan.ts";
import { freePorts } from "./ports.ts";
import { scramCredentials } from "./secure/secrets.ts";
import { isSecure } from "./secure/secure_folder.ts";
import { serverProperties } from "./server_properties.ts";
import { type Java, JAVA_ENV } from "./toolchain.ts";

/** Writes the settings of every broker; their controllers get free ports. Permissions: net, write of `dataDir`. */
export function writeServerProperties(dataDir: string, plan: StackPlan): void {
  const controllers = freePorts(plan.brokers.length);
  const nodes = plan.brokers.map((kafka, index) => ({ kafka, controller: controllers[index], tls: plan.tls?.[index] }));
  nodes.forEach((_, index) => {
    const folder = join(dataDir, brokerName(index + 1));
    // A secure broker's data is not for other users of this machine.
    Deno.mkdirSync(folder, { recursive: true, mode: plan.tls && 0o700 });
    Deno.writeTextFileSync(join(folder, "server.properties"), serverProperties(index + 1, nodes));
  });
}

/** Prepares the data of the broker in `folder`, if not done before. Permissions: run java; read, write. */
export async function format(
  folder: string,
  { java, jars, stop }: { java: Java; jars: Jars; stop: AbortSignal },
): Promise<void> {
  if (exists(join(folder, "data", "meta.properties"))) return;
  const dataDir = dirname(folder);
  const credentials = isSecure(dataDir) ? scramCredentials(dataDir) : [];
  const command = formatCommand(java, jars, { clusterId: clusterId(dataDir), credentials });
  const { success, signal, stdout, stderr } = await withArgumentFile(
    folder,
    command,
    ([path, ...args]) =>
      new Deno.Command(path, { args, cwd: folder, env: JAVA_ENV, stdin: "null", signal: stop }).output(),
  );
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw javaFailure(`Cannot format ${folder}: ${lastMeaningfulLine(said)}`, signal);
}

/**
 * The cluster id, unique to the stack in `dataDir`: if a port has changed hands and a node reaches one of another
 * stack, that one rejects it.
 */
function clusterId(dataDir: string): string {
  const file = join(dataDir, CLUSTER_ID_FILE);
  if (!exists(file)) Deno.writeTextFileSync(file, randomClusterId());
  return Deno.readTextFileSync(file);
}

/** 16 bytes in base64url, as Kafka wants them. */
function randomClusterId(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toBase64({ alphabet: "base64url", omitPadding: true });
}
