import type { Fault, FaultContext, FaultOutcome } from "./fault.ts";
import { moment } from "./kafka_world.ts";
import { Mount, noMount } from "./store_mount.ts";
import { type Injection, noStrace, StoreWorld } from "./store_world.ts";

const BATCHES = 10;
/** Room left before the disk is full, in pages; what the plan needs is more. */
const PAGES = { fewest: 0, most: 5 };

/** EIO on one fsync and those after it; the next driver ends the work on a disk that is well again. */
export async function runEio(context: FaultContext, root?: string): Promise<FaultOutcome> {
  const { random } = context;
  using world = await StoreWorld.create(context, { batches: BATCHES, root });
  const { layout, notes, folder } = world;
  const call = random() < 0.6 ? "fdatasync" : "fsync";
  const stores = [layout.orders, layout.edits, layout.rejected, layout.positions];
  const temps = [layout.inventory, layout.users].map((path) => `${path}.tmp`);
  const from = 1 + Math.floor(random() * (call === "fsync" ? 14 : 9));
  const injection: Injection = { call, from, what: "error=EIO", files: [...stores, ...temps, folder, notes] };
  const { code, stderr } = await world.drive(injection);
  const broken = afterEio(world.traces[0].text, notes);
  const failed = world.traces[0].text.includes("(INJECTED)");
  if (failed && code !== 74) broken.push(`exit ${code} after EIO: ${stderr.slice(0, 300)}`);
  const last = await world.drive();
  if (last.code !== 0) broken.push(`the last driver ended with ${last.code}: ${last.stderr}`);
  return world.outcome(last.firstCommitMs, broken);
}

/** No commit and no second fsync of the same file may follow a failed one. */
function afterEio(trace: string, notes: string): string[] {
  const failed = new Set<string>();
  return trace.split("\n").flatMap((line) => {
    const [, name, path] = /^\d+ +(\w+)\(\d+<([^>]*)>/.exec(line) ?? [];
    if (name === undefined || failed.size === 0 && !line.includes("(INJECTED)")) return [];
    if (name.endsWith("sync")) {
      if (failed.has(path)) return [`${path} was synced again after a failed sync`];
      if (line.includes("(INJECTED)")) failed.add(path);
    }
    return name === "write" && path === notes ? ["an offset was committed after a failed sync"] : [];
  });
}

/** A small disk that fills up, and has room again a moment after the store says so. */
export async function runDiskFull(context: FaultContext, root?: string): Promise<FaultOutcome> {
  const { random } = context;
  using disk = Mount.tmpfs();
  using world = await StoreWorld.create(context, { batches: 3 * BATCHES, root, folder: `${disk.path}/storage` });
  const ballast = `${disk.path}/ballast`;
  const pages = PAGES.fewest + Math.floor(random() * (PAGES.most - PAGES.fewest + 1));
  disk.fill(ballast, pages);
  const afterMs = random() * 200;
  let freedAt: number | undefined;
  let onAt: number | undefined;
  let drive = await world.drive(undefined, (stdout) => {
    if (/^outage: .*disk is full/m.test(stdout) && freedAt === undefined) {
      freedAt = performance.now() + afterMs;
      void moment(afterMs).then(() => Deno.removeSync(ballast));
    }
    if (/^outage: [^]*^(on|done)$/m.test(stdout)) onAt ??= performance.now();
  });
  // Where the disk gets full with the very last checkpoint, the stop says so, and a start puts it right.
  if (drive.code === 74 && drive.stderr.includes("disk is full")) {
    freedAt ??= performance.now();
    Deno.removeSync(ballast);
    drive = await world.drive();
  }
  return world.outcome(freedAt === undefined || onAt === undefined ? 0 : Math.max(0, onAt - freedAt), [
    ...drive.code === 0 ? [] : [`the driver ended with ${drive.code}: ${drive.stderr}`],
    ...freedAt === undefined ? [`the disk never was full with ${pages} pages left`] : [],
  ]);
}

export const IO_FAULTS: readonly Fault[] = [{
  row: 5,
  name: "EIO on the Nth fsync",
  runs: { full: 100, sample: 4 },
  skip: noStrace,
  run: runEio,
}, {
  row: 6,
  name: "disk full",
  runs: { full: 20, sample: 3 },
  skip: () => noStrace() ?? noMount(),
  run: runDiskFull,
}];
