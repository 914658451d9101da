import assert from "node:assert/strict";
import { test } from "node:test";
import {
  byPosition,
  furtherAxes,
  labelOf,
  pickedIndex,
  shownExperiments,
  sidesOf,
} from "../../orchestrator/html/assets/axes.js";

const AXES = [
  { id: "Tau_min H", index: 0, labels: ["Tau_min = 1\nH = 2", "Tau_min = 3\nH = 4"] },
  { id: "Csp", index: 1, labels: ["Csp = A"] },
  { id: "Lambda_I", index: 2, labels: ["Lambda_I = 0", "Lambda_I = 1"] },
  { id: "seed", index: 3, labels: ["seed = 1", "seed = 7"] },
];
const DIAGRAM = { rows: 2, columns: 0 };
const view = (rows, columns) => ({ rows, columns });
const idsOf = ({ rows, columns }) => [rows?.id, columns?.id];

test("the sides are those of the view, else those of the diagram", () => {
  const views = [view("", ""), view("seed", ""), view("seed", "Lambda_I"), view("Csp", "none")];

  assert.deepEqual(
    views.map((each) => idsOf(sidesOf(AXES, DIAGRAM, each))),
    [
      ["Lambda_I", "Tau_min H"],
      ["seed", "Tau_min H"],
      ["seed", "Lambda_I"],
      ["Lambda_I", "Tau_min H"],
    ],
  );
});

test("no axis lies on both sides", () => {
  assert.deepEqual(idsOf(sidesOf(AXES, DIAGRAM, view("Tau_min H", ""))), ["Tau_min H", "Lambda_I"]);
  assert.deepEqual(idsOf(sidesOf(AXES.slice(0, 1), { rows: 0, columns: null }, view("", ""))), [
    "Tau_min H",
    undefined,
  ]);
});

test("of a further axis one label is shown, the first unless another is picked", () => {
  const sides = { rows: AXES[0], columns: AXES[2] };
  const experiments = [
    [0, 0, 0, 0],
    [0, 0, 0, 1],
    [1, 0, 1, 1],
  ].map((position) => ({ position }));
  const shown = (picks) => shownExperiments(experiments, AXES, sides, picks);

  assert.deepEqual(furtherAxes(AXES, sides), [AXES[3]]);
  assert.deepEqual(shown({}), experiments.slice(0, 1));
  assert.deepEqual(shown({ seed: "seed = 7" }), experiments.slice(1));
  assert.deepEqual(shown({ seed: "seed = 99" }), experiments.slice(0, 1));
  assert.equal(pickedIndex(AXES[0], { "Tau_min H": "Tau_min = 3, H = 4" }), 1);
});

test("an experiment is named by its labels, and stands in the order of its position", () => {
  const [first, second] = [{ position: [0, 0, 1, 1] }, { position: [1, 0, 0, 0] }];

  assert.equal(labelOf(first, AXES), "Tau_min = 1, H = 2, Csp = A, Lambda_I = 1, seed = 7");
  assert.deepEqual([second, first].sort(byPosition), [first, second]);
  assert.equal(byPosition(first, first), 0);
});
