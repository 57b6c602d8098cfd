import { blankEdge, quoted } from "./blank_edge.ts";

/** Rows that are reported one by one; of more than these only the count is reported. */
export const FEW_ROWS = 5;

/** The first sentences, and one with the number of further rows. */
export function firstFew(sentences: readonly string[], more: (count: string) => string): string[] {
  const rest = sentences.length - FEW_ROWS;
  return rest <= 0 ? [...sentences] : [...sentences.slice(0, FEW_ROWS), more(countOf(rest))];
}

/** Names that begin or end with a blank, which nobody sees and no order matches. */
export function blankEdgedNames(kind: "user" | "item", names: readonly string[], file: string): string[] {
  const found = names.flatMap((name) => {
    const edge = blankEdge(name);
    if (edge === undefined) return [];
    return [`${file}: the name of ${kind} ${quoted(name)} ${edge}, so orders without it do not match`];
  });
  return firstFew(found, (count) => `${file}: ${count} more names begin or end with a blank`);
}

export function countOf(rows: number): string {
  return rows.toLocaleString("en-US");
}

/** Warns of odd rows in a file: of each oddity once, for as long as it lasts. */
export class RowWarnings {
  readonly #warn: (sentence: string) => void;
  #told = new Set<string>();

  constructor(warn: (sentence: string) => void) {
    this.#warn = warn;
  }

  tell(sentences: readonly string[]): void {
    for (const sentence of sentences) if (!this.#told.has(sentence)) this.#warn(sentence);
    this.#told = new Set(sentences);
  }
}
