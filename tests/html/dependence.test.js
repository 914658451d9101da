import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isLogarithmic,
  linesOf,
  spread,
  variables,
} from "../../orchestrator/html/assets/dependence.js";

const experiment = (number, values, value) => ({ number, values, value });
const measuredIn = ({ value }) => value;

test("a mean has a standard error from two seeds on", () => {
  const { count, mean, error } = spread([2, 4, 6], false);
  assert.deepEqual([count, mean], [3, 4]);
  assert.ok(Math.abs(error - 2 / Math.sqrt(3)) < 1e-12, error);
  const alone = spread([5], false);
  assert.equal(alone.mean, 5);
  assert.ok(Number.isNaN(alone.error));
});

test("directions of which the opposite is the same are averaged the shorter way round", () => {
  const { mean, error } = spread([85, -85], true);

  assert.ok(Math.abs(Math.abs(mean) - 90) < 1e-9, mean);
  assert.ok(Math.abs(error - 5) < 1e-9, error); // deviations of 5 each
});

test("what varies and is a number can be a figure's parameter", () => {
  const experiments = [experiment(0, [1, "OPEN", 5], 0), experiment(1, [2, "CLOSE", 5], 0)];

  assert.deepEqual(variables(["Tau_min", "Boundary", "H"], experiments), [["Tau_min", 0]]);
});

test("a line has the values of the other axes, and its points the means over seeds", () => {
  const experiments = [
    experiment(0, [0, 100], 1),
    experiment(1, [0, 100], 3),
    experiment(2, [1, 100], 5),
    experiment(3, [0, 0], 7),
    experiment(4, [1, 0], Number.NaN), // no value
  ];

  const [first, second, ...more] = linesOf(experiments, [["A"], ["B"]], 1, measuredIn, false);

  assert.deepEqual(more, []);
  assert.equal(first.label, "A = 0");
  assert.deepEqual(
    first.points.map(({ x, mean, count }) => [x, mean, count]),
    [
      [0, 7, 1],
      [100, 2, 2],
    ],
  );
  assert.equal(first.points[1].error, 1);
  assert.deepEqual(
    first.points[1].experiments.map(({ number }) => number),
    [0, 1],
  );
  assert.equal(second.label, "A = 1");
  assert.equal(second.points.length, 1);
  assert.ok(first.joined);
});

test("points of a sample are no line, and have no other axis", () => {
  const experiments = [experiment(0, [0.1, 5], 1), experiment(1, [0.3, 2], 2)];

  const [only, ...more] = linesOf(experiments, [["A", "B"]], 0, measuredIn, false);

  assert.deepEqual(more, []);
  assert.equal(only.label, "");
  assert.equal(only.joined, false);
  assert.deepEqual(
    only.points.map(({ x }) => x),
    [0.1, 0.3],
  );
});

test("values over two decades are spread by their logarithms", () => {
  assert.ok(isLogarithmic([0.001, 0.1]));
  assert.ok(!isLogarithmic([0.001, 0.05]));
  assert.ok(!isLogarithmic([0, 100]));
});
