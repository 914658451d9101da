import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, csv, sorted } from "../../orchestrator/html/assets/columns.js";
import { matches, searchable, wordsOf } from "../../orchestrator/html/assets/filter.js";

const NAMES = ["Tau_min", "Lambda_I", "Open"];

function experiment(number, fields = {}) {
  const values = [100 * Math.floor(number / 3), 0.5 * (number % 3), number % 2 === 0];
  return { number, values, seed: 1, state: "done", remark: "", last: [number, null], ...fields };
}

const EXPERIMENTS = Array.from({ length: 6 }, (_, n) => experiment(n));
const SWEEP = {
  axes: [["Tau_min", "Lambda_I"], ["Open"]],
  quantities: [
    { name: "roughness", longName: "roughness", units: "cells" },
    { name: "wavelength", longName: "wavelength", units: "cells" },
  ],
  experiments: EXPERIMENTS,
};

function filtered(text) {
  const words = wordsOf(text);
  const kept = EXPERIMENTS.filter((each) =>
    matches(searchable(each, NAMES, SWEEP.quantities), words),
  );
  return kept.map(({ number }) => number);
}

const FILTERS = {
  "": [0, 1, 2, 3, 4, 5],
  exp: [0, 1, 2, 3, 4, 5],
  exp2: [2],
  "exp1-3": [1, 2, 3],
  "exp2-exp3": [2, 3],
  "tau_min=100": [3, 4, 5],
  "lambda_i=5e-1": [1, 4],
  "Lambda_I = 0.50 Tau_min=1e2": [4],
  "Lambda_I=": [],
  "Lambda_I=half": [],
  "seed=1.0 exp2": [2],
  "open=yes": [0, 2, 4],
  "open=true": [0, 2, 4],
  "open=1": [],
  "roughness > 3": [4, 5],
  "roughness>=3 tau_min < 100": [],
  "roughness <= 1": [0, 1],
  "seed<2 roughness<1e0": [0],
  "wavelength > 0": [],
  "roughness > half": [],
  "roughness >": [],
  "unheard > 1": [],
  "unheard of": [],
};

for (const [text, numbers] of Object.entries(FILTERS)) {
  test(`the filter "${text}" finds experiments ${numbers.join(", ") || "not at all"}`, () => {
    assert.deepEqual(filtered(text), numbers);
  });
}

test("states and remarks are found by parts of their words", () => {
  const failed = searchable(
    experiment(7, { state: "out_of_memory", remark: "Killed by OOM" }),
    NAMES,
  );

  for (const text of ["out of memory", "OUT_OF", "oom killed"]) {
    assert.ok(matches(failed, wordsOf(text)), text);
  }
});

test("columns are the parameters, the standing, and quantities that have a value", () => {
  const ids = columnsOf(SWEEP).map(({ id }) => id);

  assert.deepEqual(ids, [
    ...["number", "p.Tau_min", "p.Lambda_I", "p.Open", "seed", "state", "time", "fraction"],
    ...["snapshots", "attempt", "wall", "q.roughness"],
  ]);
  const remarked = { ...SWEEP, experiments: [experiment(0, { remark: "failed" })] };
  assert.equal(columnsOf(remarked).at(-1).id, "remark");
});

test("an experiment without a value is last, whichever way, and equals go by number", () => {
  const column = { value: ({ last }) => last[0] };
  const list = [5, null, 7, 5].map((value, n) => experiment(n, { last: [value] })).reverse();
  const order = (down) => sorted(list, column, down).map(({ number }) => number);

  assert.deepEqual(order(false), [0, 3, 2, 1]);
  assert.deepEqual(order(true), [2, 0, 3, 1]);
});

test("words are sorted with the numbers in them", () => {
  const list = ["CELL(10)", "CELL(9)"].map((value, n) => experiment(n, { values: [value] }));
  const [first] = sorted(list, { value: ({ values }) => values[0] }, false);

  assert.equal(first.number, 1);
});

test("a CSV file has whole values, and quotes those that would break it", () => {
  const columns = columnsOf(SWEEP).filter(({ id }) => /number|p\.|fraction/.test(id));
  const wild = experiment(3, { values: ['say "a, b"', null, true], fraction: 0.503 });

  assert.equal(
    csv(columns, [wild]),
    'experiment,Tau_min,Lambda_I,Open,percent\r\nexp3,"say ""a, b""",,true,50\r\n',
  );
});
