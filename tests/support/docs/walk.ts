import assert from "node:assert/strict";
import { join } from "node:path";
import { EXIT } from "../../../lib/errors.ts";
import { CHECKOUT } from "../../../tools/stack/folders.ts";
import { eventually } from "../commands.ts";
import { ownCheckout } from "../own_checkout.ts";
import { applyDiff } from "./apply_diff.ts";
import type { Block, Step } from "./blocks.ts";
import { ShownOutput } from "./shown_output.ts";
import { PrivateMachine, type Shell } from "./private_machine.ts";

/** Partitions are read in no fixed order, and verdicts printed as they are read. */
const IN_ANY_ORDER = /\b(consume|replay)\b/;
/** Shown without output, these run until somebody presses Ctrl-C. */
const RUNS_ON = /^deno task (consume(?!.*--until-end)|replay --delay|produce .*--count 0|dashboard)/;

/** Follows a page as a reader does: in a checkout of its own, on a machine where every port is free. */
export class Walk implements AsyncDisposable {
  readonly folder: string;
  readonly #machine: PrivateMachine;
  readonly #checkout: Disposable;
  #output = new ShownOutput();
  readonly #shells = new Map<number, Shell>();

  private constructor(machine: PrivateMachine, checkout: { folder: string } & Disposable) {
    this.#machine = machine;
    this.#checkout = checkout;
    this.folder = checkout.folder;
  }

  static async begin(): Promise<Walk> {
    // There is no network in there to fetch packages from.
    const install = await new Deno.Command(Deno.execPath(), { args: ["install", "-q", "--frozen"], cwd: CHECKOUT })
      .output();
    assert.ok(install.success, new TextDecoder().decode(install.stderr));
    const checkout = ownCheckout();
    Deno.mkdirSync(join(checkout.folder, "storage"));
    return new Walk(await PrivateMachine.start(), checkout);
  }

  /** The next page shows ids of its own. */
  turnPage(): void {
    this.#output = new ShownOutput();
  }

  /** Makes the change that a `diff` block shows, as a reader does: where the lines are, without their numbers. */
  change({ place, lines }: Block): void {
    applyDiff(this.folder, lines, place);
  }

  /** Runs what the step shows and compares; throws where it comes out otherwise. */
  async take(step: Step): Promise<void> {
    const shell = this.#shells.get(step.terminal) ?? await this.#machine.shell(this.folder);
    this.#shells.set(step.terminal, shell);
    const { place, command, output, interrupted } = step;
    const what = command === undefined ? place : `${place}: ${command}`;
    if (command !== undefined) {
      await shell.end(what); // of the one before
      shell.run(this.#output.command(command));
    }
    if (output === undefined) return await this.#succeeds(shell, what);
    const staysOn = step.terminal > 1 && interrupted === undefined;
    if (interrupted === undefined && !staysOn) await shell.end(what);
    await this.#shows(shell, output, what);
    if (staysOn) return;
    if (interrupted !== undefined) {
      await shell.interrupt();
      await shell.end(what);
      await this.#shows(shell, interrupted, what);
    }
    const showsCode = output.some((line) => /^exit \d+$/.test(line)); // by echo, which then succeeds
    const fails = !showsCode && [...output, ...interrupted ?? []].some((line) => line.startsWith("error: "));
    const code = await shell.end(what);
    assert.equal(code !== EXIT.ok, fails, `${what}: ended with ${code}\n${shell.printed.join("\n")}`);
  }

  /** A command without shown output; one that runs on is stopped once it has printed something. */
  async #succeeds(shell: Shell, what: string): Promise<void> {
    if (RUNS_ON.test(shell.line)) {
      await eventually(`${what} prints something`, () => shell.printed.length > 0);
      await shell.interrupt();
    }
    assert.equal(await shell.end(what), EXIT.ok, `${what}\n${shell.printed.join("\n")}`);
  }

  /** What was printed since the last call is `output`, now or in a while. */
  async #shows(shell: Shell, output: readonly string[], what: string): Promise<void> {
    const anyOrder = IN_ANY_ORDER.test(shell.line);
    let printed: readonly string[] = [];
    const isThere = () => {
      printed = shell.printedSince;
      return this.#output.matches(output, printed, anyOrder);
    };
    const found = shell.isBusy ? await eventually(what, isThere).catch(() => false) : isThere();
    shell.seen(printed.length);
    if (!found) assert.fail(`${what}\n--- shown ---\n${output.join("\n")}\n--- printed ---\n${printed.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#machine[Symbol.asyncDispose]();
    this.#checkout[Symbol.dispose]();
  }
}
