import { keepAtBottom } from "../lib/cli/print.ts";
import { canRedraw } from "../lib/cli/terminal.ts";

const ENTER = ["\r", "\n"];

/** Whether there is a person to ask. */
export function canAsk(): boolean {
  return Deno.stdin.isTerminal() && canRedraw();
}

/**
 * Asks for one of the answers `1` to `count` by its key; undefined if the person presses Enter. Throws the reason of
 * `stop` when that aborts.
 */
export async function askForKey(count: number, stop: AbortSignal): Promise<number | undefined> {
  keepAtBottom(`Your prediction (1-${count}, Enter for none): `);
  Deno.stdin.setRaw(true, { cbreak: true }); // each key at once; Ctrl-C stays a signal
  try {
    return await Promise.race([pressedKey(count), aborted(stop)]);
  } finally {
    Deno.stdin.setRaw(false);
    keepAtBottom("");
  }
}

async function pressedKey(count: number): Promise<number | undefined> {
  const bytes = new Uint8Array(16);
  for (let size = await Deno.stdin.read(bytes); size !== null; size = await Deno.stdin.read(bytes)) {
    const answer = answerIn(new TextDecoder().decode(bytes.subarray(0, size)), count);
    if (answer !== "none of them") return answer;
  }
}

/** What the keys in `text` choose; undefined for Enter. An arrow, say, comes as an escape and more. */
export function answerIn(text: string, count: number): number | undefined | "none of them" {
  for (const key of text.startsWith("\x1b") ? "" : text) {
    if (ENTER.includes(key)) return undefined;
    if (/^\d$/.test(key) && Number(key) >= 1 && Number(key) <= count) return Number(key);
  }
  return "none of them";
}

function aborted(stop: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (stop.aborted) reject(stop.reason);
    stop.addEventListener("abort", () => reject(stop.reason), { once: true });
  });
}
