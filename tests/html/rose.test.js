import assert from "node:assert/strict";
import { test } from "node:test";
import { windsInWords } from "../../orchestrator/html/assets/rose.js";

test("winds are told by their share and where they blow to", () => {
  const winds = [
    [315, 0.6667],
    [45, 0.3333],
  ];

  assert.equal(
    windsInWords(winds),
    "wind 67 % to −45°, 33 % to 45° (0° is to the right, 90° down)",
  );
});

test("a wind from the left and winds that are not known are told too", () => {
  assert.equal(windsInWords(null), "wind from the left");
  assert.equal(windsInWords([]), "wind turns");
});

test("of many winds the first five are told", () => {
  const winds = Array.from({ length: 8 }, (_, i) => [45 * i, 0.125]);

  assert.match(windsInWords(winds), /12|13 % to 180°, 3 more/);
});
