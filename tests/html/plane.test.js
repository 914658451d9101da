import assert from "node:assert/strict";
import { test } from "node:test";
import { hasRoom, ticksAlong } from "../../orchestrator/html/assets/plane.js";

test("numbers along a side stand where their values are", () => {
  const even = ticksAlong({ low: -50, high: 450, logarithmic: false });
  const factors = ticksAlong({ low: 0.5, high: 50, logarithmic: true });
  const wide = ticksAlong({ low: 1e-3, high: 10, logarithmic: true });

  assert.deepEqual(even, [
    [0.1, 0],
    [0.3, 100],
    [0.5, 200],
    [0.7, 300],
    [0.9, 400],
  ]);
  assert.deepEqual(
    factors.map(([, value]) => value),
    [0.5, 1, 2, 5, 10, 20, 50],
  );
  assert.deepEqual([factors[0][0], factors.at(-1)[0]], [0, 1]);
  assert.ok(Math.abs(factors[3][0] - 0.5) < 1e-12); // 5 is in the middle of 0.5 and 50
  assert.deepEqual(
    wide.map(([, value]) => value),
    [1e-3, 0.01, 0.1, 1, 10],
  );
});

test("a plane is shown where its pictures are large enough", () => {
  assert.equal(hasRoom({ box: [0.1, 0.05] }, 720), true);
  assert.equal(hasRoom({ box: [0.1, 0.05] }, 700), false);
});
