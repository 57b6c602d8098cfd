import { dirname, join, normalize } from "node:path";
import { main } from "../lib/cli/main.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";

/** Lines above which a file has to be split, or listed here with the reason. */
const MAX_LINES = 250;
const LONGER_FOR_A_REASON: readonly string[] = [];
/** A blank, a # or an umlaut in the folder's name is escaped in a URL. */
const PATH_OF_URL = /\bimport\.meta\.url\b|\bnew URL\([^;]*?\)\.pathname\b/;
const PLAIN_FETCH = /(?<![.\w#])(?:globalThis\.)?fetch\(/;
/** The one file that may: nothing on this machine is asked by way of a proxy. */
const OWN_HTTP = "lib/avro/registry_http.ts";

/** What prints makes no JSON by itself, which would bring control characters to a terminal; these write files. */
const WRITES_JSON: readonly string[] = ["tools/stack/plan.ts", "tools/stack/state.ts"];

/** Where TypeScript lives, seen from the repository's root. */
const ROOTS = [".", "lib", "tools", "tests", "bench"];

/**
 * Checks the import rules of docs/DESIGN.md and the size of files; prints what breaks them and answers 1.
 *
 * Permission: read of the repository.
 */
export function run(): number {
  const faults = ROOTS.flatMap(sources).flatMap((path) => check(path, Deno.readTextFileSync(path)));
  for (const fault of faults) printError(fault);
  print(faults.length === 0 ? "Layout: ok" : `Layout: ${faults.length} faults`);
  return faults.length === 0 ? EXIT.ok : EXIT.failed;
}

/** The faults of the file at `path`, seen from the repository's root, with the text `source`. */
export function check(path: string, source: string): string[] {
  const faults = importsOf(path, source).filter((target) => !mayImport(path, target))
    .map((target) => `${path} must not import ${target}`);
  if (PATH_OF_URL.test(source)) faults.push(`${path} takes a URL's path for a file's: use import.meta.dirname`);
  if (PLAIN_FETCH.test(source) && path !== OWN_HTTP) {
    faults.push(`${path} must ask by ${OWN_HTTP}: fetch goes to the proxy that the environment names`);
  }
  if (/^lib\/(?!cli\/)/.test(path) && /\bDeno\.(args|env|exit)\b/.test(source)) {
    faults.push(`${path} must leave arguments, environment and exit to lib/cli and the entry points`);
  }
  if (isCommand(path) && /\bJSON\.stringify\b/.test(source) && !WRITES_JSON.includes(path)) {
    faults.push(`${path} must print JSON by lib/cli/json_lines.ts`);
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

/** What may print: entry points, tools and the command line. */
function isCommand(path: string): boolean {
  return folderOf(path) === "" || folderOf(path) === "tools" || path.startsWith("lib/cli/");
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
