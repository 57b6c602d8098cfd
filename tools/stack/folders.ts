import { join } from "node:path";

/** The folder of deno.json. */
export const CHECKOUT = join(import.meta.dirname!, "../..");

/** Where a stack keeps its state unless told otherwise. */
export const DEFAULT_DATA_DIR = join(CHECKOUT, ".stack");

const BROKER = /^broker-\d+$/;
export const REGISTRY = "registry";
/** Held by whoever starts or stops the stack. */
export const LOCK_FILE = "stack.lock";
/** The id of the local stack's cluster. */
export const CLUSTER_ID_FILE = "cluster-id";
/** There once `--docker` was used: Docker holds data that belongs to this stack. */
export const DOCKER_FILE = "docker";
export const STATE_FILE = "stack.json";
/** The ports of last time. */
export const PLAN_FILE = "ports.json";
/** There where the data belongs to a secure stack. */
export const SECURE_FOLDER = "secure";
const FILES = [STATE_FILE, PLAN_FILE, CLUSTER_ID_FILE, DOCKER_FILE, SECURE_FOLDER, LOCK_FILE];

export function brokerName(id: number): string {
  return `broker-${id}`;
}

/** The parts a stack in `dataDir` has data of: `broker-1` and so on, `registry`. Permission: read. */
export function partsOnDisk(dataDir: string): string[] {
  try {
    return [...Deno.readDirSync(dataDir)].map(({ name }) => name).filter(isPart).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** How many brokers the data in `dataDir` belongs to, 0 where there is none. Permission: read. */
export function brokersOnDisk(dataDir: string): number {
  return partsOnDisk(dataDir).filter((name) => BROKER.test(name)).length;
}

/** Removes all that a stack keeps in `dataDir`, and the folder itself where nothing else is in it. Permission: write. */
export function removeData(dataDir: string): void {
  for (const name of [...partsOnDisk(dataDir), ...FILES]) removeTree(join(dataDir, name));
  if ([...Deno.readDirSync(dataDir)].length === 0) Deno.removeSync(dataDir);
}

/** What a JSON file holds; undefined where it is missing or half written. Permission: read. */
export function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(path));
  } catch (error) {
    // Half a file is what a kill in the middle of the write leaves.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Removes a file, or a folder with all in it; fine where there is none. Permission: write. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether something can be made in the folder, which is made itself where it is missing. Permissions: read, write. */
export function isWritable(folder: string): boolean {
  try {
    Deno.mkdirSync(folder, { recursive: true });
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder }));
    return true;
  } catch {
    return false;
  }
}

function isPart(name: string): boolean {
  return name === REGISTRY || BROKER.test(name);
}
