import assert from "node:assert/strict";
import { test } from "node:test";
import { areWhole, path, rangeOf, summary, ticks } from "../../orchestrator/html/assets/charts.js";

const NAN = Number.NaN;

test("ticks are two to six round numbers within the range", () => {
  assert.deepEqual(ticks(0, 50), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(ticks(-0.3, 0.31), [-0.2, 0, 0.2]);
  assert.deepEqual(ticks(1e6, 5e6), [1e6, 2e6, 3e6, 4e6, 5e6]);
  for (let high = 0.07; high < 1000; high *= 1.01) {
    const { length } = ticks(-high / 3, high);
    assert.ok(length >= 2 && length <= 6, `${length} ticks up to ${high}`);
  }
});

test("ticks along whole numbers are whole, however few these are", () => {
  assert.deepEqual(ticks(2.82, 6.18), [3, 4, 5, 6]);
  assert.deepEqual(ticks(0.94, 2.06), [1, 1.5, 2]);
  assert.deepEqual(ticks(0.94, 2.06, true), [1, 2]);
  assert.deepEqual(ticks(2.7, 3.3, true), [3]);
  assert.deepEqual(ticks(0, 50, true), [0, 10, 20, 30, 40, 50]);
  assert.equal(areWhole([1, 2, NAN]), true);
  assert.equal(areWhole([1, 2.5]), false);
  assert.equal(areWhole([NAN]), false);
});

test("a range has a margin, also about a single value, and none without values", () => {
  assert.deepEqual(rangeOf([0, NAN, 100]), [-6, 106]);
  assert.deepEqual(rangeOf([20]), [18, 22]);
  assert.deepEqual(rangeOf([0, 0]), [-0.5, 0.5]);
  assert.equal(rangeOf([NAN]), null);
});

test("a line is interrupted where there is no value", () => {
  const same = (value) => value;

  assert.equal(path([0, 1, 2, 3], [5, 6, NAN, 7], same, same), "M0.0 5.0L1.0 6.0M3.0 7.0");
});

test("a chart is described by its first and last value", () => {
  const quantity = { longName: "roughness", units: "cells" };

  assert.equal(
    summary(quantity, [0, 10, 20], [NAN, 1.5, 2.25]),
    "roughness: 1.5 cells at 10 t0, 2.25 cells at 20 t0",
  );
});
