import assert from "node:assert/strict";
import { test } from "node:test";
import { fragmentOf, initialView, viewOf } from "../../orchestrator/html/assets/address.js";

const SWEEP = { times: [0, 10, 20], states: ["done", "failed"], numbers: new Map([[4, {}]]) };
const INITIAL = initialView(SWEEP.times);

test("a view is shown again by its address", () => {
  const view = {
    time: 1,
    show: "roughness",
    rows: "Tau_min H",
    columns: "Lambda_I",
    picks: { seed: "seed = 7", Csp: "Csp = a, b & c" },
    open: 4,
    words: "tau_min=1e-3 & more",
    state: "failed",
    sort: "p.Tau_min",
    down: true,
    units: "si",
    quantity: "roughness",
    against: "Tau_min",
    layout: "list",
  };

  assert.deepEqual(viewOf(fragmentOf(view), SWEEP), view);
  assert.deepEqual(viewOf(fragmentOf(INITIAL), SWEEP), INITIAL);
});

test("an address without a view shows the last time, as at first", () => {
  assert.deepEqual(viewOf("", SWEEP), INITIAL);
  assert.equal(INITIAL.time, 2);
  assert.equal(initialView([]).time, 0);
});

test("what a sweep does not have is as at first", () => {
  const fragments = ["#t=3", "#t=-1", "#t=1.5", "#t=x", "#open=5", "#open=x", "#state=tired"];

  for (const fragment of fragments) assert.deepEqual(viewOf(fragment, SWEEP), INITIAL, fragment);
});
