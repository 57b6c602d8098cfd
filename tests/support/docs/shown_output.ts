const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
/** A line with nothing else stands for any lines, and within a line for any text. */
const ANYTHING = "…";

/** What is another one in each run, in the place of which a page shows one it had. */
const VARIES: [RegExp, string][] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>"],
  [/\b\d+(\.\d+)? (ms|s|min)\b/g, "<duration>"],
  [/\b\d+(\.\d+)? orders\/s/g, "<rate>"],
  [/"(created_at|rejected_at)":\d+/g, '"$1":<time>'],
  [/"crc":"[0-9a-f]{8}"/g, '"crc":"<crc>"'],
  [/ {2,}/g, "  "], // columns are as wide as their values
];

/**
 * Compares what commands print with what a page shows.
 *
 * Times, durations, rates and checksums may be others. An id may be another one, but always the same other one: the
 * page can tell an order by its id, also in a command.
 */
export class ShownOutput {
  readonly #ids = new Map<string, string>();

  /** A command with the ids that the orders really have. */
  command(text: string): string {
    return text.replaceAll(new RegExp(UUID, "g"), (id) => this.#ids.get(id) ?? id);
  }

  /** Whether `printed` is as `shown`; `anyOrder`: lines may come in another order, as partitions are read in none. */
  matches(shown: readonly string[], printed: readonly string[], anyOrder: boolean): boolean {
    const ids = new Map(this.#ids);
    const [expected, actual] = [trimmed(shown), trimmed(printed)];
    const found = anyOrder ? inAnyOrder(expected, actual, ids) : inOrder(expected, actual, ids);
    if (found) ids.forEach((real, id) => this.#ids.set(id, real));
    return found;
  }
}

function inOrder(shown: readonly string[], printed: readonly string[], ids: Map<string, string>): boolean {
  if (shown.length === 0) return printed.length === 0;
  const [first, ...rest] = shown;
  if (first === ANYTHING) {
    return printed.concat("").some((_, skipped) => {
      const tried = new Map(ids);
      const fits = inOrder(rest, printed.slice(skipped), tried);
      if (fits) tried.forEach((real, id) => ids.set(id, real));
      return fits;
    });
  }
  return printed.length > 0 && isLine(first, printed[0], ids) && inOrder(rest, printed.slice(1), ids);
}

function inAnyOrder(shown: readonly string[], printed: readonly string[], ids: Map<string, string>): boolean {
  const left = [...printed];
  for (const line of shown.filter((line) => line !== ANYTHING)) {
    const at = left.findIndex((candidate) => isLine(line, candidate, new Map(ids)));
    if (at >= 0) isLine(line, left[at], ids);
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0 || shown.includes(ANYTHING);
}

/** Whether a line is as shown; then `ids` also has the ids that were new in it. */
function isLine(shown: string, printed: string, ids: Map<string, string>): boolean {
  const newIds: string[] = [];
  const parts = normalized(shown).split(new RegExp(`(${ANYTHING}|${UUID.source})`));
  const pattern = parts.map((part) => {
    if (part === ANYTHING) return ".*?";
    if (!UUID.test(part)) return literally(part);
    const known = ids.get(part);
    if (known !== undefined) return literally(known);
    newIds.push(part);
    return `(${UUID.source})`;
  });
  const match = new RegExp(`^${pattern.join("")}$`).exec(normalized(printed));
  if (match === null) return false;
  return newIds.every((id, index) => {
    const real = match[index + 1];
    const earlier = [...ids].find(([known, standsFor]) => known === id || standsFor === real);
    ids.set(id, real);
    return earlier === undefined || (earlier[0] === id && earlier[1] === real);
  });
}

function normalized(line: string): string {
  return VARIES.reduce((text, [from, to]) => text.replaceAll(from, to), line).trimEnd();
}

/** Without blank lines at the end. */
function trimmed(lines: readonly string[]): string[] {
  const last = lines.findLastIndex((line) => line.trim() !== "");
  return lines.slice(0, last + 1);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
