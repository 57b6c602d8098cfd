import { basename } from "node:path";
import { noStrace, StoreWorld } from "./store_world.ts";
import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";

const BATCHES = 10;

/** A driver killed before it synced a batch, whose bytes are then cut short or partly zero, as after a power loss. */
export async function runTornTail(context: FaultContext, root?: string): Promise<FaultOutcome> {
  const { random } = context;
  using world = await StoreWorld.create(context, { batches: BATCHES, root });
  const from = 2 + Math.floor(random() * 4);
  await world.drive({ call: "fdatasync", from, what: "signal=SIGKILL", files: [world.layout.orders] });
  const torn = tear(world, random);
  const last = await world.drive();
  const aside = [...Deno.readDirSync(world.folder)].filter(({ name }) => name.startsWith("orders.jsonl.torn-"))
    .map(({ name }) => Deno.readFileSync(`${world.folder}/${name}`));
  const isAside = torn.length === 0 ? aside.length === 0 : aside.length === 1 && sameBytes(aside[0], torn);
  return world.outcome(last.firstCommitMs, [
    ...last.code === 0 ? [] : [`the driver ended with ${last.code}: ${last.stderr}`],
    ...isAside ? [] : [`${torn.length} torn bytes, ${aside.map(({ length }) => length)} are kept aside`],
  ]);
}

/** Cuts or zeroes bytes of the batch that no offset was committed for; the bytes that then are no whole lines. */
function tear({ layout, accepted }: StoreWorld, random: () => number): Uint8Array {
  const bytes = Deno.readFileSync(layout.orders);
  const lines = new TextDecoder().decode(bytes).split("\n").slice(0, -1);
  const committed = new Set(accepted);
  const first = lines.findIndex((line) => !committed.has(JSON.parse(line).order_id));
  if (first < 0) return new Uint8Array(0);
  const start = lines.slice(0, first).reduce((sum, line) => sum + line.length + 1, 0);
  // A batch that is whole but was never synced is no less at risk: the start has to sync it before it counts.
  if (random() < 0.25) return new Uint8Array(0);
  const at = start + Math.floor(random() * (bytes.length - start));
  const isCut = random() < 0.5;
  const after = isCut ? bytes.slice(0, at) : bytes.fill(0, at, at + 1 + Math.floor(random() * (bytes.length - at)));
  Deno.writeFileSync(layout.orders, after);
  // Lines are good up to the one that the first lost byte belongs to.
  return after.slice(after.subarray(0, at).lastIndexOf(0x0a) + 1);
}

/** One bit of the log or of the journal flipped while nobody was there. */
async function runDamage(context: FaultContext): Promise<FaultOutcome> {
  const { random } = context;
  using world = await StoreWorld.create(context, { batches: BATCHES });
  const first = await world.drive();
  const whole = world.outcome(first.firstCommitMs);
  const path = random() < 0.75 ? world.layout.orders : world.layout.edits;
  const bytes = Deno.readFileSync(path);
  const at = Math.floor(random() * bytes.length);
  bytes[at] ^= 1 << Math.floor(random() * 8);
  Deno.writeFileSync(path, bytes);
  const before = filesOf(world.folder);
  const { code, stderr } = await world.drive();
  const after = filesOf(world.folder);
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => !sameBytes(before.get(name) ?? new Uint8Array(0), after.get(name) ?? new Uint8Array(0)));
  return {
    ...whole,
    recoveryMs: 0,
    broken: [
      ...whole.broken,
      ...code === 65 ? [] : [`byte ${at} of ${basename(path)} flipped, exit ${code}: ${stderr.slice(0, 300)}`],
      ...changed.map((name) => `${name} was changed although ${basename(path)} is damaged`),
    ],
  };
}

function filesOf(folder: string): Map<string, Uint8Array> {
  const names = [...Deno.readDirSync(folder)].filter(({ isFile, name }) => isFile && !name.endsWith(".lock"));
  return new Map(names.map(({ name }) => [name, Deno.readFileSync(`${folder}/${name}`)]));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export const DAMAGE_FAULTS: readonly Fault[] = [{
  row: 3,
  name: "torn tail of the log",
  runs: { full: 200, sample: 4 },
  skip: noStrace,
  run: (context) => runTornTail(context),
}, {
  row: 4,
  name: "damage in the middle",
  runs: { full: 50, sample: 4 },
  skip: noStrace,
  run: runDamage,
}];
