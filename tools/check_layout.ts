import { dirname, join, normalize } from "node:path";
import { main } from "../lib/cli/main.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";

/** Lines above which a file has to be split, or listed here with the reason. */
const MAX_LINES = 250;
const LONGER_FOR_A_REASON: readonly string[] = [];

/** Where TypeScript lives, seen from the repository's root. */
const ROOTS = [".", "lib", "tools", "tests", "bench"];

/**
 * Checks the import rules of docs/DESIGN.md and the size of files; prints what breaks them and answers 1.
 *
 * Permission: read of the repository.
 */
export function run(): number {
  const faults = ROOTS.flatMap(sources).flatMap(check);
  for (const fault of faults) printError(fault);
  print(faults.length === 0 ? "Layout: ok" : `Layout: ${faults.length} faults`);
  return faults.length === 0 ? EXIT.ok : EXIT.failed;
}

function check(path: string): string[] {
  const source = Deno.readTextFileSync(path);
  const faults = importsOf(path, source).filter((target) => !mayImport(path, target))
    .map((target) => `${path} must not import ${target}`);
  if (/^lib\/(?!cli\/)/.test(path) && /\bDeno\.(args|env|exit)\b/.test(source)) {
    faults.push(`${path} must leave arguments, environment and exit to lib/cli and the entry points`);
  }
  if (/^(lib\/|tools\/|[^/]*$)/.test(path) && /\bconsole\.\w+\(/.test(source)) {
    faults.push(`${path} must print by lib/cli/print.ts: console.log throws where the disk is full`);
  }
  const lines = source.split("\n").length - 1;
  if (lines > MAX_LINES && !LONGER_FOR_A_REASON.includes(path)) {
    faults.push(`${path} has ${lines} lines, more than ${MAX_LINES}`);
  }
  return faults;
}

/** The rules: the domain imports itself; a technology the domain and itself; tests are for tests, their support for bench too. */
function mayImport(path: string, target: string): boolean {
  if (folderOf(target) === "tests") {
    return folderOf(path) === "tests" || (folderOf(path) === "bench" && target.startsWith("tests/support/"));
  }
  if (folderOf(path) !== "lib") return true;
  const [, technology] = technologyOf(path);
  const isPackage = !target.endsWith(".ts");
  if (technology === undefined) {
    return target.startsWith("node:") || folderOf(target) === "lib" && technologyOf(target)[1] === undefined;
  }
  return isPackage || (folderOf(target) === "lib" && [undefined, technology].includes(technologyOf(target)[1]));
}

function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : "";
}

/** `lib/kafka/x.ts` is technology `kafka`, `lib/x.ts` none. */
function technologyOf(path: string): [string, string | undefined] {
  const parts = path.split("/");
  return [parts[0], parts.length > 2 ? parts[1] : undefined];
}

function importsOf(path: string, source: string): string[] {
  const specifiers = [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map(([, specifier]) => specifier);
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : specifier
  );
}

function sources(folder: string): string[] {
  const found: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = normalize(join(folder, name));
    if (isDirectory && folder !== ".") found.push(...sources(path));
    else if (name.endsWith(".ts")) found.push(path);
  }
  return found.sort();
}

if (import.meta.main) await main(() => Promise.resolve(run()));
