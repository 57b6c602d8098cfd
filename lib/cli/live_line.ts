import { keepAtBottom } from "./print.ts";
import { canRedraw, fitted, terminalColumns } from "./terminal.ts";

/** Work that ends sooner shows nothing. */
const PATIENCE_MS = 1_000;
/** The least milliseconds between two drawings. */
const REDRAW_MS = 250;
/** A line is redrawn at least this often, so that a standstill can be seen. */
const IDLE_MS = 1_000;

/** The same line in several lengths, the longest first. */
export type LineTexts = () => readonly string[];

/**
 * One line at the bottom of the terminal, redrawn in place; everything printed meanwhile appears above it. Where there
 * is no terminal nothing is drawn.
 *
 * There is one at a time: a new one takes the place of the one before. The caller disposes of it.
 */
export class LiveLine implements Disposable {
  static #shown: LiveLine | undefined;
  readonly #texts: LineTexts;
  readonly #from: number;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  #drawnAt = -Infinity;

  constructor(texts: LineTexts, { patienceMs = PATIENCE_MS }: { patienceMs?: number } = {}) {
    LiveLine.#shown?.[Symbol.dispose]();
    LiveLine.#shown = this;
    this.#texts = texts;
    this.#from = performance.now() + patienceMs;
    if (!canRedraw()) return;
    this.#timer = setInterval(() => this.#draw(), IDLE_MS);
    Deno.unrefTimer(this.#timer as unknown as number);
    this.refresh();
  }

  /** To be called whenever the text has changed; costs next to nothing. */
  refresh(): void {
    if (this.#timer !== undefined && performance.now() - this.#drawnAt >= REDRAW_MS) this.#draw();
  }

  /** Removes the line. */
  [Symbol.dispose](): void {
    if (LiveLine.#shown !== this) return;
    LiveLine.#shown = undefined;
    clearInterval(this.#timer);
    keepAtBottom("");
  }

  #draw(): void {
    const now = performance.now();
    if (now < this.#from || LiveLine.#shown !== this) return;
    this.#drawnAt = now;
    // The last column stays free: in it, some terminals would wrap the line.
    keepAtBottom(fitted(this.#texts(), terminalColumns() - 1));
  }
}
