import { dirname, join, normalize } from "node:path";
import { main } from "../lib/cli/main.ts";
import { print, printError } from "../lib/cli/print.ts";
import { EXIT } from "../lib/errors.ts";

/** Limits: a file or function with more lines is to be split, or listed here with a reason. */
const MAX_LINES = 250;
const MAX_FUNCTION_LINES = 50;
const LONGER_FOR_A_REASON: readonly string[] = [
  "lib/sip_hash.ts", // the rounds of a hash, unrolled: a call for each takes twice the time
];

/** The first line of a function as `deno fmt` leaves it; it ends at the next brace with the same indentation. */
const FUNCTION = /^( *)(?:export |async |static )*(?:function\b.*|[#*\w]+(?:<.*>)?\(.*)[({]$/;
const NO_FUNCTION = /^ *(?:if|for|while|switch|return|await|catch|super|throw|yield)\b|=>|^ *[\w.#]+\($/;

/** The rooms of a technology: each may import itself and those listed before it. */
const ROOMS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  files: [["disk"], ["csv", "log", "index"], ["store"], ["read"], ["admin"]],
  kafka: [["client"], ["protocol"], ["consume", "produce"], ["scan"], ["dead_letters", "offsets"], ["inspect"]],
  postgres: [["client"], ["store"], ["admin"]],
};
/** A blank, a # or an umlaut in the folder's name is escaped in a URL. */
const PATH_OF_URL = /\bimport\.meta\.url\b|\bnew URL\([^;]*?\)\.pathname\b/;
const PLAIN_FETCH = /(?<![.\w#])(?:globalThis\.)?fetch\(/;
/** The one file that may call `fetch`: only over TLS, where a proxy cannot read along. */
const OWN_HTTP = "lib/avro/registry_http.ts";
/** In a browser it asks the server that the page came from, and the content policy lets it ask no other. */
const PAGE_HTTP = "tools/dashboard/page/connection.js";

/** Careless on purpose: a process of its own, which nothing imports, and which says things as a tutorial does. */
const NAIVE_CONSUMER = "drill/naive_consumer.ts";

/** Knows the flags of every command. */
const COMPLETIONS = "tools/completions.ts";

/** Commands must escape the JSON that they print; these only write JSON to files, or send it to a page. */
const WRITES_JSON: readonly string[] = [
  NAIVE_CONSUMER,
  "tools/stack/plan.ts",
  "tools/stack/state.ts",
  "tools/dashboard/server/event_streams.ts",
];

/** Where TypeScript lives, and the scripts of the page, relative to the repository's root. */
const ROOTS = [".", "lib", "tools", "drill", "tests", "bench"];

/**
 * Checks the import rules of CONTRIBUTING.md and docs/DESIGN.md and the size of files; prints violations and returns 1.
 *
 * Permission: read of the repository.
 */
export function run(): number {
  const files = new Map(ROOTS.flatMap(sources).map((path) => [path, Deno.readTextFileSync(path)]));
  const faults = [...files].flatMap(([path, source]) => check(path, source));
  const circle = findCircle(new Map([...files].map(([path, source]) => [path, importsOf(path, source)])));
  if (circle !== undefined) faults.push(`imports in a circle: ${circle.join(" -> ")}`);
  for (const fault of faults) printError(fault);
  print(faults.length === 0 ? "Layout: ok" : `Layout: ${faults.length} faults`);
  return faults.length === 0 ? EXIT.ok : EXIT.failed;
}

/** The faults of the file at `path`, relative to the repository's root, with the text `source`. */
export function check(path: string, source: string): string[] {
  const faults = importsOf(path, source).filter((target) => !mayImport(path, target))
    .map((target) => `${path} must not import ${target}`);
  if (PATH_OF_URL.test(source)) faults.push(`${path} takes a URL's path for a file's: use import.meta.dirname`);
  if (PLAIN_FETCH.test(source) && ![OWN_HTTP, PAGE_HTTP].includes(path)) {
    faults.push(`${path} must ask by ${OWN_HTTP}: fetch goes to the proxy that the environment names`);
  }
  if (/^lib\/(?!cli\/)/.test(path) && /\bDeno\.(args|env|exit)\b/.test(source)) {
    faults.push(`${path} must leave arguments, environment and exit to lib/cli and the entry points`);
  }
  if (isCommand(path) && /\bJSON\.stringify\b/.test(source) && !WRITES_JSON.includes(path)) {
    faults.push(`${path} must print JSON by lib/cli/json_lines.ts`);
  }
  if (/^(lib\/|tools\/|drill\/|[^/]*$)/.test(path) && path !== NAIVE_CONSUMER && /\bconsole\.\w+\(/.test(source)) {
    faults.push(`${path} must print by lib/cli/print.ts: console.log throws where the disk is full`);
  }
  if (!LONGER_FOR_A_REASON.includes(path)) faults.push(...alarms(path, source.split("\n")));
  return faults;
}

function alarms(path: string, lines: readonly string[]): string[] {
  const faults: string[] = [];
  const count = lines.length - 1;
  if (count > MAX_LINES) faults.push(`${path} has ${count} lines, more than ${MAX_LINES}`);
  for (const [start, line] of path.startsWith("tests/") ? [] : lines.entries()) {
    const indent = FUNCTION.exec(line)?.[1];
    if (indent === undefined || NO_FUNCTION.test(line)) continue;
    const length = lines.slice(start + 1).findIndex((inner) => inner.startsWith(`${indent}}`)) + 2;
    if (length > MAX_FUNCTION_LINES) {
      faults.push(`${path}:${start + 1} has a function of ${length} lines, more than ${MAX_FUNCTION_LINES}`);
    }
  }
  return faults;
}

/** Files that import one another in a circle, if any. */
export function findCircle(imports: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const target of imports.get(path) ?? []) {
      const circle = visit(target, [...way, path]);
      if (circle !== undefined) return circle;
    }
    done.add(path);
  };
  for (const path of imports.keys()) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
}

/**
 * The rules: the domain imports itself; a technology the domain and itself; only tests import tests, but bench may
 * import their support; only tests import the drills, but `completions` may import their flags; nothing imports their
 * careless consumer.
 */
function mayImport(path: string, target: string): boolean {
  if (target === NAIVE_CONSUMER) return false;
  if (folderOf(target) === "drill") {
    return ["drill", "tests"].includes(folderOf(path)) || (path === COMPLETIONS && target === "drill/drill.ts");
  }
  if (folderOf(target) === "tests") {
    return folderOf(path) === "tests" || (folderOf(path) === "bench" && target.startsWith("tests/support/"));
  }
  if (folderOf(path) !== "lib") return true;
  const [, technology] = technologyOf(path);
  const isPackage = !target.endsWith(".ts");
  if (technology === undefined) {
    return target.startsWith("node:") || folderOf(target) === "lib" && technologyOf(target)[1] === undefined;
  }
  if (isPackage) return true;
  if (folderOf(target) !== "lib" || ![undefined, technology].includes(technologyOf(target)[1])) return false;
  return mayEnter(path, target);
}

/** Whether a file of a technology may import another file of the same technology. */
function mayEnter(path: string, target: string): boolean {
  const rooms = ROOMS[path.split("/")[1]];
  if (rooms === undefined || technologyOf(target)[1] === undefined) return true;
  const [from, to] = [path, target].map((file) => file.split("/")[2]);
  const level = (room: string) => rooms.findIndex((names) => names.includes(room));
  return from === to || (level(to) >= 0 && level(to) < level(from));
}

/** What may print: entry points, tools and the command line; the scripts of the page do not. */
function isCommand(path: string): boolean {
  if (path.endsWith(".js")) return false;
  return ["", "tools", "drill"].includes(folderOf(path)) || path.startsWith("lib/cli/");
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
    else if (/\.[jt]s$/.test(name)) found.push(path);
  }
  return found.sort();
}

if (import.meta.main) await main(() => Promise.resolve(run()));
