import { join } from "node:path";
import { EXIT, Failure } from "../../lib/errors.ts";
import { CHECKOUT } from "../../tools/stack/folders.ts";

/** Where a stack answers, as the environment of commands has it. */
export interface StackEnv extends Record<string, string> {
  KAFKA_BOOTSTRAP_SERVERS: string;
  SCHEMA_REGISTRY_URL: string;
}

/**
 * Runs `work` with a stack of its own, on free ports and in a folder of its own, and removes it all afterwards.
 *
 * Permissions: run deno, env, read and write of temp folders.
 */
export async function withStack<T>(
  work: (env: StackEnv, dataDir: string) => Promise<T>,
  flags: readonly string[] = [],
): Promise<T> {
  const dataDir = Deno.makeTempDirSync({ prefix: "orders-stack-" });
  try {
    await stackTask("up", ["--local", "--data-dir", dataDir, "--kafka-port", "0", "--registry-port", "0", ...flags]);
    const { brokers, registry } = JSON.parse(Deno.readTextFileSync(join(dataDir, "stack.json")));
    return await work({ KAFKA_BOOTSTRAP_SERVERS: brokers, SCHEMA_REGISTRY_URL: registry }, dataDir);
  } finally {
    await stackTask("down", ["--purge", "--data-dir", dataDir]); // the folder itself goes with its data
  }
}

async function stackTask(name: "up" | "down", flags: readonly string[]): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", name, ...flags],
    cwd: CHECKOUT,
    stdin: "null",
  });
  const { success, stdout, stderr } = await command.output();
  if (success) return;
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  throw new Failure(EXIT.failed, `deno task ${name} failed, the tests need a stack of their own: ${said}`);
}
