import { join } from "node:path";
import { eventually } from "../support/commands.ts";

const TMPFS_BYTES = 256 << 10;
const PAGE = 4096;
/** The smallest image that each file system takes, in bytes. */
const IMAGE_BYTES = { ext4: 32 << 20, xfs: 320 << 20 };
/** Why mounts cannot be made, once that is known; null where they can. */
let reason: string | null | undefined;

/** A file system of a test's own; unmounted and removed when disposed. Permission: run mount, as root. */
export class Mount implements Disposable {
  readonly path: string;
  readonly #image: string | undefined;
  readonly #home: string;

  private constructor(home: string, image: string | undefined) {
    this.#home = home;
    this.#image = image;
    this.path = join(home, "disk");
    Deno.mkdirSync(this.path);
  }

  /** In memory, of {@linkcode TMPFS_BYTES}. */
  static tmpfs(): Mount {
    const mount = new Mount(Deno.makeTempDirSync({ prefix: "orders-disk-" }), undefined);
    mount.#mount();
    return mount;
  }

  /** In an image file on a loop device. */
  static loop(kind: "ext4" | "xfs"): Mount {
    const home = Deno.makeTempDirSync({ prefix: "orders-disk-" });
    const image = join(home, "image");
    using file = Deno.openSync(image, { write: true, create: true });
    file.truncateSync(IMAGE_BYTES[kind]);
    const mount = new Mount(home, image);
    try {
      command(`mkfs.${kind}`, ["-q", image]);
      mount.#mount();
    } catch (error) {
      Deno.removeSync(home, { recursive: true });
      throw error;
    }
    return mount;
  }

  /** Writes everything to the disk. */
  sync(): void {
    command("sync", ["-f", this.path]);
  }

  /** Takes the power away: what was not synced is gone. Then mounts again, as after a start. */
  async losePower(): Promise<void> {
    command("xfs_io", ["-x", "-c", "shutdown", this.path]);
    command("umount", [this.path]);
    // A mount namespace that was made meanwhile, by another test's `unshare`, holds on to the dead file system.
    await eventually("the file system is unmounted everywhere", () => command("losetup", ["-j", this.#image!]) === "");
    this.#mount();
  }

  /** Fills the disk up to `pages` pages with a file. */
  fill(path: string, pages: number): void {
    using file = Deno.openSync(path, { write: true, create: true });
    const page = new Uint8Array(PAGE);
    let size = 0;
    try {
      while (true) size += file.writeSync(page);
    } catch {
      file.truncateSync(Math.max(0, size - pages * PAGE));
    }
  }

  [Symbol.dispose](): void {
    new Deno.Command("umount", { args: [this.path] }).outputSync();
    Deno.removeSync(this.#home, { recursive: true });
  }

  #mount(): void {
    const options = this.#image === undefined
      ? ["-t", "tmpfs", "-o", `size=${TMPFS_BYTES}`, "tmpfs"]
      : ["-o", "loop", this.#image];
    command("mount", [...options, this.path]);
  }
}

/** Why this machine mounts nothing. */
export function noMount(): string | undefined {
  if (reason === undefined) {
    try {
      using _disk = Mount.tmpfs();
      reason = null;
    } catch (error) {
      reason = `mounts need root: ${(error as Error).message.trim()}`;
    }
  }
  return reason ?? undefined;
}

/** Why this machine cannot take the power from a file system. */
export function noLoop(): string | undefined {
  if (noMount() !== undefined) return noMount();
  for (const tool of ["mkfs.ext4", "mkfs.xfs", "xfs_io"]) {
    if (!new Deno.Command("which", { args: [tool] }).outputSync().success) {
      return `${tool} is missing: apt install e2fsprogs xfsprogs`;
    }
  }
  try {
    using _disk = Mount.loop("ext4");
  } catch (error) {
    return `a loop device is needed: ${(error as Error).message.trim()}`;
  }
}

function command(name: string, args: readonly string[]): string {
  const { success, stdout, stderr } = new Deno.Command(name, { args: [...args], stdin: "null" }).outputSync();
  if (!success) throw new Error(`${name} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
