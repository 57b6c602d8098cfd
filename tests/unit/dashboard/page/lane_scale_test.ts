import assert from "node:assert/strict";
import fc from "fast-check";
import { cellX, lagX, laneScale, steps } from "../../../../tools/dashboard/page/lane_scale.js";

const widths = fc.integer({ min: 200, max: 2_000 });
const lags = fc.integer({ min: 0, max: 2 ** 40 });

Deno.test("on a lane one record that waits can be seen, and millions stay inside", () => {
  fc.assert(fc.property(widths, lags, (width, lag) => {
    const scale = laneScale(width, lag, 60);
    const x = lagX(scale, lag);
    assert.ok(x <= scale.right && scale.right < width);
    assert.equal(lagX(scale, 0), scale.committed);
    if (lag > 0) assert.ok(x - scale.committed >= 2, `${x} of ${JSON.stringify(scale)}`);
  }));
});

Deno.test("on a lane more lag is further right", () => {
  fc.assert(fc.property(widths, lags, lags, (width, one, other) => {
    const [less, more] = one < other ? [one, other] : [other, one];
    const scale = laneScale(width, more, 60);
    assert.ok(lagX(scale, less) <= lagX(scale, more));
  }));
});

Deno.test("on a lane the cells lie between the older part and the committed offset", () => {
  fc.assert(fc.property(widths, lags, (width, lag) => {
    const scale = laneScale(width, lag, 60);
    assert.ok(cellX(scale, scale.cells - 1) >= scale.history);
    assert.ok(cellX(scale, 0) + scale.pitch <= scale.committed);
  }));
});

Deno.test("the figures of a lane's scale do not lie on one another", () => {
  fc.assert(fc.property(widths, lags, (width, lag) => {
    const scale = laneScale(width, lag, 60);
    const places = steps(scale).slice(2).map((step) => lagX(scale, step));
    for (const [index, x] of places.slice(1).entries()) assert.ok(x - places[index] > 20, `${places}`);
    assert.equal(steps(scale).at(-1), 10 ** scale.decades);
  }));
});

Deno.test("the scale of a lane does not change with every order", () => {
  const scales = [0, 1, 50, 998].map((lag) => laneScale(900, lag, 60));
  for (const scale of scales) assert.deepEqual(scale, scales[0]);
});
