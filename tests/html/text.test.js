import assert from "node:assert/strict";
import { test } from "node:test";
import {
  exact,
  inOneLine,
  short,
  stateName,
  titleOf,
  unbroken,
  withUnits,
} from "../../orchestrator/html/assets/text.js";

test("a measured number has four digits, or one decimal from 1000 on", () => {
  const numbers = [0, 3, 12.3456, 0.123456, 999.96, 12345.678, 123456];

  assert.deepEqual(numbers.map(short), ["0", "3", "12.35", "0.1235", "1000", "12345.7", "123456"]);
});

test("very small and very large numbers have an exponent", () => {
  const numbers = [1e-5, -2.5e-5, 1e6, 1234567, 0.0001];

  assert.deepEqual(numbers.map(short), ["1e-5", "-2.5e-5", "1e+6", "1.235e+6", "0.0001"]);
});

test("a parameter has all of its digits, and what has no value a dash", () => {
  const values = [0.1234567, 100, true, false, "OPEN", null, undefined, Number.NaN];

  assert.deepEqual(values.map(exact), ["0.1234567", "100", "yes", "no", "OPEN", "–", "–", "–"]);
  assert.equal(short(Number.NaN), "–");
});

test("units stand behind a number, unless it has none", () => {
  assert.equal(withUnits(2, "cells"), "2 cells");
  assert.equal(withUnits(2, "1"), "2");
  assert.equal(withUnits(Number.NaN, "cells"), "–");
  assert.equal(titleOf({ longName: "roughness", units: "cells" }), "roughness (cells)");
  assert.equal(titleOf({ longName: "mobile fraction", units: "1" }), "mobile fraction");
});

test("labels are written in one line, and not broken before a value", () => {
  assert.equal(inOneLine("Tau_min = 1\nH = 2"), "Tau_min = 1, H = 2");
  assert.equal(unbroken("Tau_min = 1"), "Tau_min =\u00a01");
  assert.equal(stateName("out_of_memory"), "out of memory");
});
