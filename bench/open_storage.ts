import { main } from "../lib/cli/main.ts";
import { FileStore } from "../lib/files/store/file_store.ts";
import { folderArgument } from "./folder_argument.ts";

/** Opens and closes a storage folder as `consume` does and prints what that takes. Permissions: read and write of it. */
async function measure(folder: string): Promise<void> {
  const start = performance.now();
  const store = await FileStore.open(folder, { warn: console.error });
  const opened = performance.now();
  const { rss } = Deno.memoryUsage();
  await store.close();
  const [open, close] = [opened - start, performance.now() - opened].map(Math.round);
  console.log(`open ${open} ms, close ${close} ms, ${Math.round(rss / 1e6)} MB resident`);
}

if (import.meta.main) await main(async (args) => await measure(folderArgument(args)));
