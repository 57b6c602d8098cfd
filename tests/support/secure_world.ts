import assert from "node:assert/strict";
import { join } from "node:path";
import { createKafka } from "../../lib/kafka/client/client.ts";
import { envFile } from "../../tools/stack/secure/env_files.ts";
import { secureConnection } from "../../tools/stack/secure/secrets.ts";
import type { User } from "../../tools/stack/secure/users.ts";
import { type Finished, type RunningTask, startTask } from "./commands.ts";
import { type StackEnv, withStack } from "./stack.ts";
import { TestStorage } from "./storage.ts";

type Env = Record<string, string>;

/** A secure stack and a storage folder of a test's own, and commands that are run as one of its users. */
export class SecureWorld {
  readonly dataDir: string;
  readonly storage: TestStorage;
  readonly stack: StackEnv;
  /** All that commands have printed. */
  readonly printed: string[] = [];

  readonly #files: string;

  private constructor(stack: StackEnv, dataDir: string, storage: TestStorage) {
    this.stack = stack;
    this.dataDir = dataDir;
    this.storage = storage;
    this.#files = join(dataDir, "secure"); // goes with the stack
  }

  /** Runs `work` with a world of its own, and removes it afterwards. Permissions as `withStack`. */
  static async with(work: (world: SecureWorld) => Promise<void>): Promise<void> {
    await withStack(async (stack, dataDir) => {
      const users = { alice: "paid", bob: "unpaid" };
      await using storage = await TestStorage.create({ users, items: { book: 1_000, pen: 1_000 } });
      await work(new SecureWorld(stack, dataDir, storage));
    }, ["--secure"]);
  }

  /** A client of the admin, who may do anything. */
  get kafka() {
    return createKafka(secureConnection(this.dataDir, this.stack.KAFKA_BOOTSTRAP_SERVERS.split(","), "admin"));
  }

  /** The settings of `user`, as its file has them for a shell; those that it unsets are empty, which means the same. */
  envOf(user: User, by: "password" | "certificate" = "password"): Env {
    const lines = Deno.readTextFileSync(envFile(this.dataDir, user, by)).trimEnd().split("\n");
    const settings = lines.map((line): [string, string] => {
      const [, name, value] = /^(?:export (\w+)=(.*)|unset (\w+))$/.exec(line)?.filter((part) => part !== undefined) ??
        [];
      return [name, value ?? ""];
    });
    return { ...Object.fromEntries(settings), STORAGE_DIR: this.storage.folder };
  }

  /** Runs a command line as the user that `env` says. */
  async run(line: string, env: Env): Promise<Finished> {
    await using running = this.start(line, env);
    const finished = await running.end;
    this.printed.push(finished.stdout, finished.stderr);
    return finished;
  }

  /** Starts a command line; what it prints on stderr may go to a file, to be read meanwhile. */
  start(line: string, env: Env, { stderrTo }: { stderrTo?: string } = {}): RunningTask {
    const [name, ...args] = line.split(" ");
    const wrapper = stderrTo === undefined ? [] : ["sh", "-c", 'exec "$@" 2>"$0"', this.file(stderrTo, "")];
    return startTask(name, args, env, wrapper);
  }

  /** A file beside the stack's own. */
  file(name: string, contents: string): string {
    const path = join(this.#files, name);
    Deno.writeTextFileSync(path, contents);
    return path;
  }

  text(name: string): string {
    return Deno.readTextFileSync(join(this.#files, name));
  }

  /** Runs a command line that has to end well; what it printed. */
  async runWell(line: string, env: Env): Promise<Finished> {
    const finished = await this.run(line, env);
    assert.equal(finished.code, 0, `${line}: ${finished.stderr}`);
    return finished;
  }

  /** Runs a command line that has to end with `exit`, one line that matches `says`, and the storage as it was. */
  async runRefused(line: string, env: Env, { exit, says }: { exit: number; says: RegExp }): Promise<void> {
    const before = this.storage.files();
    const { code, stderr } = await this.run(line, env);
    assert.match(stderr, says, line);
    assert.match(stderr, /^error: [^\n]+\n$/, line);
    assert.equal(code, exit, line);
    assert.deepEqual(this.storage.files(), before, line);
  }
}
