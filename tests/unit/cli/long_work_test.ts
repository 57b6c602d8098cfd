import assert from "node:assert/strict";
import { countText, progressTexts } from "../../../lib/cli/long_work.ts";
import { Speed } from "../../../lib/cli/speed.ts";
import { fitted } from "../../../lib/cli/terminal.ts";
import { statusTexts } from "../../../lib/cli/verdict_report.ts";
import { drawnLines, HAS_TERMINAL, linesLeft, onTerminalOf } from "../../support/terminal.ts";

const state = { what: "Sent", unit: "orders", done: 450_000, total: 1_000_000, rate: 12_345.6 } as const;

Deno.test("progressTexts() leaves out what matters least first, down to the share", () => {
  assert.deepEqual(progressTexts(state), [
    "Sent █████████░░░░░░░░░░░ 45% · 45 s left · 12,346 orders/s · 450,000 of 1,000,000",
    "Sent █████████░░░░░░░░░░░ 45% · 45 s left · 12,346 orders/s",
    "Sent 45% · 45 s left · 12,346 orders/s · 450,000 of 1,000,000",
    "Sent 45% · 45 s left · 12,346 orders/s",
    "Sent 45% · 45 s left",
    "Sent 45%",
  ]);
});

Deno.test("progressTexts() tells no time while the rate is not known, and none of an impossible share", () => {
  assert.equal(progressTexts({ ...state, rate: 0 }).at(-2), "Sent 45% · 450,000 of 1,000,000");
  assert.equal(progressTexts({ ...state, done: 2_000_000 }).at(-1), "Sent 100%");
  assert.deepEqual(progressTexts({ ...state, done: 0, total: 0 }), ["Sent"]);
});

Deno.test("progressTexts() speaks of bytes, minutes and hours as people do, and gives no rate of runs", () => {
  const bytes = { what: "Reading", unit: "bytes", done: 45e6, total: 1.25e9, rate: 1e6 } as const;
  assert.match(progressTexts(bytes)[0], /3% · 20 min left · 1 MB\/s · 45 MB of 1\.3 GB$/);
  assert.match(progressTexts({ ...bytes, rate: 1e5 })[0], / · 3 h 21 min left · /);
  assert.match(progressTexts({ ...state, unit: "runs", done: 1, total: 3, rate: 0.1 })[0], /33% · 20 s left · 1 of 3$/);
  assert.deepEqual([0.25, 3.14, 12.6, 1e6].map(countText), ["0.3", "3.1", "13", "1,000,000"]);
});

Deno.test("Speed follows the last ten seconds, or all the time", () => {
  const [recent, always] = [new Speed(), new Speed({ windowMs: Infinity })];
  assert.equal(recent.noted(0, 0), 0);
  for (let second = 1; second <= 30; second++) recent.noted(second * 10, second * 1_000);
  for (let second = 31; second <= 41; second++) recent.noted(300 + (second - 30) * 100, second * 1_000);
  assert.equal(recent.noted(1_400, 41_000), 100);
  for (let run = 0; run <= 10; run++) assert.equal(always.noted(run, run * 60_000), run === 0 ? 0 : 1 / 60);
});

Deno.test("fitted() takes the longest text that fits, and cuts where none does, by the width of characters", () => {
  assert.equal(fitted(["three", "two", "1"], 4), "two");
  assert.equal(fitted(["名前名前"], 5), "名前");
  assert.equal(fitted([], 5), "");
});

Deno.test("statusTexts() shows rate, lag and verdicts, as far as there is room", () => {
  const counts = {
    accepted: 821,
    rejected: { "unpaid-user": 3, "unknown-item": 1_000 },
    redelivered: 0,
    deadLettered: 2,
  };
  const texts = statusTexts(counts, { rate: 303.4, lag: 4_500 });
  assert.match(
    texts[0],
    /^303 orders\/s · lag 4,500 · 821 accepted, 1003 rejected \(3 unpaid-user, 1000 unknown-item\)/,
  );
  assert.equal(texts[1], "303 orders/s · lag 4,500 · 821 accepted · 1,003 rejected · 2 dead-lettered");
  assert.equal(fitted(texts, 39), "303 orders/s · lag 4,500");
  assert.equal(statusTexts(counts, { rate: 303, lag: undefined }).at(-1), "303 orders/s");
});

const onTerminal = { ignore: !HAS_TERMINAL };
const work = (ms: number) => `"${Deno.execPath()}" run -q -A tests/support/long_work.ts ${ms}`;

Deno.test(
  "a live line stays below what is printed, is no wider than 40 columns and leaves nothing",
  onTerminal,
  async () => {
    const { code, text } = await onTerminalOf(40, work(2_500));
    assert.equal(code, 0);
    const drawn = drawnLines(text);
    assert.ok(drawn.length > 3, text);
    for (const line of drawn) {
      assert.match(
        line,
        /^(?=.{0,39}$)Working [█░]*[ \d]+%( · \d s left( · [\d,]+ orders\/s)?)?$/,
      );
    }
    const left = linesLeft(text);
    assert.deepEqual(left.slice(-2), ["done", ""]);
    for (const [index, line] of left.slice(0, -2).entries()) {
      const where = index % 2 === 0 ? "stdout, which is wider than the terminal" : "stderr";
      assert.equal(line, `line ${index + 1} on ${where}`, "unbroken, and in order");
    }
  },
);

Deno.test(
  "a live line does not appear for short work, in a pipe, or where a terminal cannot redraw",
  onTerminal,
  async () => {
    for (const [line, env] of [[work(500)], [`${work(1_500)} 2>&1 | cat`], [work(1_500), { TERM: "dumb" }]] as const) {
      const { text } = await onTerminalOf(80, line, env);
      assert.ok(!text.includes("Working") && !text.includes("\x1b"), `${line}: ${text}`);
      assert.match(text, /done\r\n$/);
    }
  },
);
