import { createInterface } from "node:readline/promises";
import process from "node:process";

/** Asks a person a question that takes a yes; without a terminal to ask on the answer is no. */
export async function confirm(question: string): Promise<boolean> {
  if (!Deno.stdin.isTerminal()) return false;
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await lines.question(`${question} [y/N] `);
  lines.close();
  return /^y(es)?$/i.test(answer.trim());
}
