import assert from "node:assert/strict";
import { lastMeaningfulLine } from "../../../tools/stack/service.ts";
import { parseStartTime } from "../../../tools/stack/processes.ts";

const AFTER_STATE = "1 7 7 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 30 0 123456 999 88";

Deno.test("parseStartTime() reads /proc/PID/stat whatever the command is called", { permissions: "none" }, () => {
  assert.equal(parseStartTime(`42 (java) S ${AFTER_STATE}`), "123456");
  assert.equal(parseStartTime(`42 (a) S (b c) S ${AFTER_STATE}`), "123456");
});

Deno.test("parseStartTime() takes a zombie for ended", { permissions: "none" }, () => {
  assert.equal(parseStartTime(`42 (java) Z ${AFTER_STATE}`), undefined);
  assert.equal(parseStartTime("Z    Tue Nov 24 02:59:27 2026"), undefined);
  assert.equal(parseStartTime(""), undefined);
});

Deno.test("parseStartTime() reads what ps says", { permissions: "none" }, () => {
  assert.equal(parseStartTime("Ss   Tue Nov 24 02:59:27 2026"), "Tue Nov 24 02:59:27 2026");
});

Deno.test(
  "lastMeaningfulLine() prefers the line that names an error to its stack trace",
  { permissions: "none" },
  () => {
    const log =
      "starting\n[main] ERROR Exiting Kafka due to fatal exception\n\tat kafka.Kafka.main(Kafka.scala)\n\t... 3 more\nbye\n";
    assert.equal(lastMeaningfulLine(log), "[main] ERROR Exiting Kafka due to fatal exception");
    assert.equal(lastMeaningfulLine("one\ntwo\n\n"), "two");
    assert.equal(lastMeaningfulLine("LOG:  one\nFATAL:  two\nHINT:  three\n"), "FATAL:  two");
    assert.equal(lastMeaningfulLine(""), "it said nothing");
  },
);
