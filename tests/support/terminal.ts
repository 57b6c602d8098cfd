import { CHECKOUT } from "../../tools/stack/folders.ts";

/** Whether {@linkcode onTerminalOf} works: the `script` of other systems has other flags. */
export const HAS_TERMINAL = Deno.build.os === "linux";

/**
 * What a shell command line prints on a terminal of its own, byte by byte, and its exit code. Permission: run script.
 */
export async function onTerminalOf(
  columns: number,
  line: string,
  env: Record<string, string> = {},
): Promise<{ code: number; text: string }> {
  const { code, stdout } = await new Deno.Command("script", {
    args: ["-qec", `stty cols ${columns} rows 24; ${line}`, "/dev/null"],
    cwd: CHECKOUT,
    env: { TERM: "xterm", NO_COLOR: "1", ...env },
    stdin: "null",
  }).output();
  return { code, text: new TextDecoder().decode(stdout) };
}

/** The lines that are left on a terminal without an edge, those that have scrolled away included. */
export function linesLeft(text: string): string[] {
  const lines = [""];
  let [row, column] = [0, 0];
  // deno-lint-ignore no-control-regex -- a terminal's controls
  for (const [token] of text.matchAll(/\x1b\[\d*[A-Z]|\x1b.|[\r\n]|[^\x1b\r\n]+/g)) {
    if (token === "\r") column = 0;
    else if (token === "\n") lines[++row] ??= "";
    else if (token === "\x1b[J") lines.splice(row, Infinity, lines[row].slice(0, column));
    else if (token.startsWith("\x1b")) throw new Error(`Not understood: ${JSON.stringify(token)}`);
    else {
      lines[row] = lines[row].slice(0, column) + token + lines[row].slice(column + token.length);
      column += token.length;
    }
  }
  return lines;
}

/** Every text that was drawn as the last line. */
export function drawnLines(text: string): string[] {
  // deno-lint-ignore no-control-regex -- what erases the one before
  return [...text.matchAll(/\r\x1b\[J([^\r\n\x1b]+)(?=\r\x1b\[J|$)/g)].map(([, drawn]) => drawn);
}
