import { storageLayout } from "../../lib/files/disk/layout.ts";
import type { BenchWorld } from "../bench_world.ts";
import { parseTimes, parseVerify } from "../our_output.ts";
import type { StorageImage } from "../storage_image.ts";
import type { Sample, Work } from "../work.ts";

/** What reads a whole log, against reading it once for the checksum of each line, in the same runtime. */
const scan = {
  unit: "ms",
  peer: "read, crc32 of each line",
  target: { bound: "at most", times: 3 },
} as const;

/** Checking the balance of a long log. */
export const VERIFY: Work = {
  ...scan,
  name: "verify",
  title: "verify --offline, log ten times as long",
  prepare: (world) =>
    scanning(world, async (storage) => {
      const { ms, stdout } = await world.timed("verify", ["--offline", "--json"], storage);
      const accepted = parseVerify(stdout);
      if (accepted !== 10 * world.orders) throw new Error(`verify read ${accepted} orders of ${10 * world.orders}`);
      return ms;
    }),
};

/** Opening the store without the index of a long log. */
export const REBUILD: Work = {
  ...scan,
  name: "rebuild",
  title: "start without the index, log ten times as long",
  prepare: (world) =>
    scanning(world, async ({ folder }) => {
      Deno.removeSync(storageLayout(folder).index);
      return parseTimes(await world.script("open_storage", folder), "open");
    }),
};

async function scanning(
  world: BenchWorld,
  ours: (storage: StorageImage) => Promise<number>,
): Promise<() => Promise<Sample>> {
  const storage = await world.storage({ logged: 10 * world.orders });
  const checksum = () => world.script("checksum_log", storage.folder);
  await checksum(); // from here on both find the log in memory, if it fits there
  return async () => {
    storage.restore();
    const took = await ours(storage);
    const peer = await checksum();
    return { ours: took, peer: parseTimes(peer, "lines"), details: { peerInBlocks: parseTimes(peer, "blocks") } };
  };
}
