import { sealLines } from "../../lib/files/log/sealed_line.ts";

/** One sealed line as text, with its line feed. */
export function sealLine(record: object): string {
  return new TextDecoder().decode(sealLines([record]).bytes);
}
