import assert from "node:assert/strict";
import { didYouMean } from "../../../lib/cli/did_you_mean.ts";
import { resetTargetSetting } from "../../../lib/cli/reset_flags.ts";
import { parseMix } from "../../../lib/sample_orders.ts";

const none = { permissions: "none" } as const;

Deno.test(
  "didYouMean() says what was probably meant in a sentence of its own, and nothing of what is far off",
  none,
  () => {
    assert.throws(() => resetTargetSetting("--to", "earlest", 0), /, got "earlest"\. Did you mean `earliest`\?$/);
    assert.throws(() => resetTargetSetting("--to", "midday", 0), /, got "midday"$/);
    assert.throws(() => parseMix("unpiad=3", didYouMean), /; got "unpiad=3"\. Did you mean `unpaid`\?$/);
  },
);
