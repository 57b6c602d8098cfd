import { join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { CREDENTIAL_FILES } from "../../lib/cli/environment.ts";
import type { Program } from "../../lib/cli/program.ts";
import { VERSION } from "../../lib/cli/version.ts";
import { shellWord } from "../../lib/shell_word.ts";
import { grantsOf } from "./grants.ts";
import shell from "./self_extracting.sh" with { type: "text" };

/** The shell script's part of the file, padded: so it can name places behind it. */
const HEAD_BYTES = 8_192;

/** Something compressed, as the shell script unpacks it. */
export interface Packed {
  bytes: Uint8Array<ArrayBuffer>;
  /** Of the compressed bytes. */
  sha256: string;
  unpackedBytes: number;
}

/** This Deno, compressed; the same for each program. Permission: read. */
export async function packDeno(): Promise<Packed> {
  return await pack(await Deno.readFile(Deno.execPath()));
}

/**
 * Writes a shell script with `deno` and the bundle inside beside the bundle, and returns its path. The rights that it
 * starts Deno with are its task's: it knows the storage folder and the credentials' files by then.
 *
 * Permissions: read, write.
 */
export async function selfExtracting(program: Program, bundle: string, deno: Packed): Promise<string> {
  const script = await pack(await Deno.readFile(bundle));
  const { flags, writesStorage } = grantsOf(program);
  const values: Record<string, string | number> = {
    PROGRAM: program,
    VERSION,
    TARGET: Deno.build.target,
    DENO: Deno.version.deno,
    FILE_BYTES: HEAD_BYTES + deno.bytes.length + script.bytes.length,
    ...placeOf("DENO", deno, HEAD_BYTES),
    ...placeOf("SCRIPT", script, HEAD_BYTES + deno.bytes.length),
    CREDENTIAL_FILES: CREDENTIAL_FILES.join(" "),
    FLAGS: flags.map(shellWord).join(" "),
    WRITE: writesStorage ? '"--allow-write=$STORAGE_DIR"' : "",
  };
  const head = shell.replaceAll(/@([A-Z0-9_]+)@/g, (_, name) => `${values[name]}`);
  const path = join(bundle, "..", `${program}-self-extracting`);
  await Deno.writeFile(path, new Blob([head.padEnd(HEAD_BYTES, "\n"), deno.bytes, script.bytes]).stream(), {
    mode: 0o755,
  });
  return path;
}

/** `tail -c +N` counts from 1. */
function placeOf(name: string, { bytes, sha256, unpackedBytes }: Packed, start: number) {
  return {
    [`${name}_SHA256`]: sha256,
    [`${name}_FROM`]: start + 1,
    [`${name}_PACKED`]: bytes.length,
    [`${name}_BYTES`]: unpackedBytes,
  };
}

async function pack(unpacked: Uint8Array): Promise<Packed> {
  const bytes = new Uint8Array(await promisify(gzip)(unpacked));
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return { bytes, sha256, unpackedBytes: unpacked.length };
}
