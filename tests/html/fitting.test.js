import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsFor } from "../../orchestrator/html/assets/fitting.js";

const WINDOW = { width: 1200, height: 720 };

test("pictures are as large as let all of them be seen", () => {
  assert.equal(columnsFor(1, 2, WINDOW), 1); // 1200 x 600 and its caption
  assert.equal(columnsFor(3, 4, WINDOW), 2);
  assert.equal(columnsFor(12, 2, WINDOW), 4); // three rows of 150 and their captions
  assert.equal(columnsFor(12, 1, WINDOW), 6);
});

test("where not all can be seen, none is narrower than is of use", () => {
  assert.equal(columnsFor(500, 2, WINDOW), 8);
  assert.equal(columnsFor(500, 2, { width: 320, height: 500 }), 2);
  assert.equal(columnsFor(5, 2, { width: 90, height: 500 }), 1);
  assert.equal(columnsFor(0, 2, WINDOW), 1);
});
