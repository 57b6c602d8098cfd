/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
import { removeTemps } from "../../lib/files/store/storage_folder.ts";
import { storageLayout } from "../../lib/files/disk/layout.ts";
import { WriteLock } from "../../lib/files/disk/locks.ts";

// A worker that does again and again what every tool does first; its message ends it.
let over = false;
self.onmessage = async ({ data: folder }: MessageEvent<string>) => {
  if (folder === "") return void (over = true);
  const layout = storageLayout(folder);
  const lock = WriteLock.open(layout);
  self.postMessage("on");
  while (!over) {
    await lock.hold(() => Promise.resolve(removeTemps(layout)));
    await new Promise((resolve) => setTimeout(resolve));
  }
  lock.close();
  self.postMessage("over");
};
