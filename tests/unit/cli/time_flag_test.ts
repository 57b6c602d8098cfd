import assert from "node:assert/strict";

const SCRIPT = import.meta.resolve("../../../lib/cli/time_flag.ts");

/** What `parseTimeFlag(text)` says where TZ is `zone`, which a process reads at its start. */
async function warningFor(text: string, zone: string | undefined): Promise<string> {
  const code = `const { parseTimeFlag } = await import("${SCRIPT}"); parseTimeFlag(${
    JSON.stringify(text)
  }, Date.now());`;
  const { stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", code],
    clearEnv: true,
    env: { HOME: Deno.env.get("HOME")!, NO_COLOR: "1", ...(zone === undefined ? {} : { TZ: zone }) },
  }).output();
  assert.ok(success);
  return new TextDecoder().decode(stderr);
}

Deno.test("parseTimeFlag() says when a local time is taken for UTC because TZ is no zone that is known", async () => {
  for (const zone of ["Nowhere/Land", "europe/berlin", "CET-1CEST"]) {
    for (const text of ["2026-11-24T08:00", "2026-11-24 08:00:01.5", "2026-11-24"]) {
      const expected = `warning: TZ=${zone} is not a time zone known here: ${text} is taken for UTC\n`;
      assert.equal(await warningFor(text, zone), expected);
    }
  }
});

Deno.test("parseTimeFlag() says nothing where the zone is known or none is needed", async () => {
  const zones = [undefined, "", "UTC", "Etc/UTC", "UTC0", "GMT", "Zulu", ":Europe/Berlin", "Europe/Berlin", "EST5EDT"];
  for (const zone of [...zones, "Africa/Abidjan"]) {
    assert.equal(await warningFor("2026-11-24T08:00", zone), "", `${zone}`);
  }
  for (
    const text of ["15m", "earliest", "17", "2026-11-24T08:00Z", "2026-11-24T08:00+01:00", "2026-11-24T08:00-0100"]
  ) {
    assert.equal(await warningFor(text, "Nowhere/Land"), "", text);
  }
});
