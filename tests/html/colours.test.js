import assert from "node:assert/strict";
import { test } from "node:test";
import { colour, rgb } from "../../orchestrator/html/assets/colours.js";
import { keepsMaps, scalesOf } from "../../orchestrator/html/assets/scales.js";

const QUANTITIES = [{ name: "roughness", longName: "roughness", units: "cells" }];

test("colours go from the first to the last of cividis, and stay there beyond", () => {
  assert.equal(rgb(0), "rgb(0 34 78)");
  assert.equal(rgb(1), "rgb(254 232 56)");
  assert.deepEqual([colour(-1), colour(2)], [colour(0), colour(1)]);
});

test("colours become brighter all the way", () => {
  const luminance = ([red, green, blue]) => 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  const steps = Array.from({ length: 64 }, (_, i) => luminance(colour(i / 63)));

  assert.ok(steps.every((value, i) => i === 0 || value > steps[i - 1]));
});

test("a scale has room for the values of all experiments", () => {
  const scales = scalesOf(
    [
      { heights: [2, 9], relief: 3, spans: [[0.5, 1]] },
      { heights: [1, 5], relief: 4, spans: [[0.25, 0.75]] },
      { heights: null, relief: null, spans: [null] },
    ],
    QUANTITIES,
  );

  const quantity = { units: "cells", length: 1, time: 0 };
  assert.deepEqual(scales, {
    height: { low: 1, high: 9, whole: true, label: "height", quantity },
    relief: { low: -4, high: 4, whole: false, label: "height above the mean", quantity },
    roughness: { low: 0.25, high: 1, whole: false, label: "roughness", quantity: QUANTITIES[0] },
  });
});

test("a scale of numbers that are whole at both ends in all experiments is whole", () => {
  const [dunes, mixed] = [
    [3, 5],
    [4, 6.5],
  ];

  const of = (...spans) =>
    scalesOf(
      spans.map((span) => ({ heights: null, relief: null, spans: [span] })),
      QUANTITIES,
    ).roughness.whole;

  assert.deepEqual([of(dunes, null, dunes), of(dunes, mixed)], [true, false]);
});

test("a scale of a flat bed is one cell wide, and one of no values is left out", () => {
  const { height, ...others } = scalesOf(
    [{ heights: [5, 5], relief: 0, spans: [null] }],
    QUANTITIES,
  );

  assert.deepEqual([height.low, height.high], [5, 6]);
  assert.deepEqual(Object.keys(others), ["relief"]);
});

test("numbers alone are shown only where there are numbers and no maps", () => {
  const [map, number, nothing] = [
    { heights: [0, 1], spans: [] },
    { heights: null, spans: [[0, 1]] },
    { heights: null, spans: [null] },
  ];

  assert.deepEqual([[map, number], [number], [nothing]].map(keepsMaps), [true, false, true]);
});
