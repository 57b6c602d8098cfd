import assert from "node:assert/strict";
import { blocksIn, stepsIn } from "../../support/docs/blocks.ts";
import { ShownOutput } from "../../support/docs/shown_output.ts";

const [A, B] = ["eae5fe4f-cb39-4f97-b581-288d599b27bb", "ca58311f-97b0-4294-b13f-3f2a840d48a6"];
const [X, Y] = ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"];

function isShown(shown: string, printed: string, anyOrder = false): boolean {
  return new ShownOutput().matches(shown.split("\n"), printed.split("\n"), anyOrder);
}

Deno.test("output is as shown if only times, durations, rates and the width of columns differ", () => {
  assert.ok(isShown("5 sent in 4.0 s (1.25 orders/s)", "5 sent in 12.1 s (0.4 orders/s)"));
  assert.ok(isShown("made 2026-11-26T20:51:59.850Z  orders", "made 2027-01-01T00:00:00Z    orders\n"));
  assert.ok(!isShown("5 sent in 4.0 s", "6 sent in 4.0 s"));
  assert.ok(!isShown("stock 10 -> 8", "stock 10 -> 7"));
});

Deno.test("output is not as shown if a line is missing, added or in another place", () => {
  assert.ok(!isShown("a\nb", "a"));
  assert.ok(!isShown("a", "a\nb"));
  assert.ok(!isShown("a\nb", "b\na"));
  assert.ok(isShown("a\nb", "b\na", true));
  assert.ok(!isShown("a\nb", "b\nc", true));
  assert.ok(!isShown("a\na", "a\nb", true));
});

Deno.test("… stands for any text in a line, and for any lines where it is alone", () => {
  assert.ok(isShown("at … today", "at 127.0.0.1:9092 today"));
  assert.ok(isShown("a\n…\nd", "a\nb\nc\nd"));
  assert.ok(isShown("a\n…", "a"));
  assert.ok(!isShown("a\n…\nd", "a\nb\nc"));
});

Deno.test("an id may be another one, but always the same other one", () => {
  const output = new ShownOutput();
  assert.ok(output.matches([`order ${A}`, `order ${B}`], [`order ${X}`, `order ${Y}`], false));
  assert.equal(output.command(`deno task why ${A}`), `deno task why ${X}`);
  assert.ok(output.matches([`accepted ${B}`], [`accepted ${Y}`], false));
  assert.ok(!output.matches([`accepted ${B}`], [`accepted ${X}`], false));
  assert.ok(!isShown(`${A} then ${B}`, `${X} then ${X}`));
});

Deno.test("a page's blocks are read into commands, their output, terminals and Ctrl-C", () => {
  const page =
    "text\n```console\n$ one\nout\n$ two\n```\n\n```console terminal=2\nmore\n^C\nend\n```\n```sh\nthree  # why\n```\n";
  const steps = stepsIn(blocksIn(page, "page.md"));
  assert.deepEqual(steps, [
    { place: "page.md:2", terminal: 1, command: "one", output: ["out"] },
    { place: "page.md:2", terminal: 1, command: "two", output: [] },
    { place: "page.md:8", terminal: 2, output: ["more"], interrupted: ["end"] },
    { place: "page.md:13", terminal: 1, command: "three  # why" },
  ]);
});
