import assert from "node:assert/strict";
import { test } from "node:test";
import { columnsOf, csv } from "../../orchestrator/html/assets/columns.js";
import {
  cellUnit,
  commonUnit,
  evenlyScaled,
  hasNature,
  scaled,
  timeInWords,
  timeUnit,
  unitOf,
} from "../../orchestrator/html/assets/units.js";

const SNOW = { scales: { cell: 0.1, t0: 8640 } };
const SLOW = { scales: { cell: 0.1, t0: 86400 } };
const TURNING = { scales: { cell: 0.1, t0: null } };
const NONE = { scales: { cell: null, t0: null } };
const ROUGHNESS = { name: "roughness", longName: "roughness", units: "cells", length: 1, time: 0 };
const MASS = { units: "cells", length: 3, time: 0 };
const SPEED = { name: "speed", longName: "speed", units: "cells/t0", length: 1, time: -1 };
const SHARE = { units: "1", length: 0, time: 0 };

function close(one, other) {
  assert.ok(Math.abs(one - other) < 1e-12 * Math.abs(other), `${one} is not ${other}`);
}

test("lengths, volumes and speeds are in metres and days", () => {
  assert.equal(unitOf(ROUGHNESS, SNOW, "si").units, "m");
  assert.equal(unitOf(MASS, SNOW, "si").units, "m³");
  assert.equal(unitOf(SPEED, SNOW, "si").units, "m/d");
  close(unitOf(ROUGHNESS, SNOW, "si").factor, 0.1);
  close(unitOf(MASS, SNOW, "si").factor, 0.001);
  close(unitOf(SPEED, SNOW, "si").factor, 1); // a tenth of a metre in a tenth of a day
  close(timeUnit(SNOW, "si").factor, 0.1);
  assert.deepEqual(cellUnit(SNOW, "si"), { factor: 0.1, units: "m" });
});

test("what has no scales, or is not asked for, stays in the units of the model", () => {
  assert.deepEqual(unitOf(ROUGHNESS, SNOW, ""), { factor: 1, units: "cells" });
  assert.deepEqual(unitOf(SHARE, SNOW, "si"), { factor: 1, units: "1" });
  assert.deepEqual(unitOf(SPEED, NONE, "si"), { factor: 1, units: "cells/t0" });
  assert.deepEqual(unitOf(ROUGHNESS, NONE, "si"), { factor: 1, units: "cells" });
  assert.deepEqual(timeUnit(TURNING, "si"), { factor: 1, units: "t0" });
  assert.deepEqual(cellUnit(NONE, "si"), { factor: 1, units: "cells" });
  assert.equal(unitOf(ROUGHNESS, TURNING, "si").units, "m");
  assert.equal(hasNature([NONE, SNOW]), true);
  assert.equal(hasNature([NONE]), false);
});

test("where a t0 has no one length, lengths alone are in nature", () => {
  assert.deepEqual(unitOf(SPEED, TURNING, "si"), { factor: 0.1, units: "m/t0" });
  assert.deepEqual(unitOf(ROUGHNESS, TURNING, "si"), { factor: 0.1, units: "m" });
  assert.equal(commonUnit(SPEED, [TURNING, TURNING], "si").units, "m/t0");
  assert.equal(commonUnit(SPEED, [TURNING, { scales: { cell: 0.1, t0: 86400 } }], "si").factor, 1);
});

test("where a t0 has no one length in one experiment, times stay in all", () => {
  const uneven = evenlyScaled([SNOW, NONE, TURNING]).map(({ scales }) => scales);

  assert.deepEqual(uneven, [
    { cell: 0.1, t0: null },
    { cell: null, t0: null },
    { cell: 0.1, t0: null },
  ]);
  assert.deepEqual(evenlyScaled([SNOW, NONE]), [SNOW, NONE]);
});

test("the table has metres beside experiments that have not begun, and without days", () => {
  const each = { number: 0, values: [], seed: 1, state: "done", remark: "", time: 50 };
  const pending = { ...each, ...NONE, time: 0, last: [null, null] };
  const titles = (scales) => {
    const experiments = [pending, { ...each, ...scales, last: [2, 3] }];
    const columns = columnsOf({ axes: [], quantities: [ROUGHNESS, SPEED], experiments }, "si");
    return columns.filter(({ id }) => /time|q\./.test(id)).map(({ title }) => title);
  };

  assert.deepEqual(titles(SNOW), ["d", "roughness (m)", "speed (m/d)"]);
  assert.deepEqual(titles(TURNING), ["t0", "roughness (m)", "speed (m/t0)"]);
});

test("a common scale is that of the experiments that have begun", () => {
  assert.deepEqual(commonUnit(ROUGHNESS, [NONE, SNOW, NONE], "si"), { factor: 0.1, units: "m" });
  assert.equal(commonUnit(ROUGHNESS, [NONE], "si").units, "cells");
});

test("a common scale has the unit that all have", () => {
  assert.equal(commonUnit(ROUGHNESS, [SNOW, SLOW], "si").units, "m");
  assert.equal(commonUnit(SPEED, [SNOW, SLOW], "si").units, "cells/t0");
  assert.equal(commonUnit(SPEED, [SNOW, SNOW], "si").units, "m/d");
  assert.equal(commonUnit(ROUGHNESS, [], "si").units, "cells");
});

test("values are multiplied, and left alone by one", () => {
  const values = [1, 2];

  assert.deepEqual(scaled(values, 10), [10, 20]);
  assert.equal(scaled(values, 1), values);
});

test("the table and its file are in the units that are shown", () => {
  const each = { number: 0, values: [], seed: 1, state: "done", remark: "", time: 50 };
  const experiments = [
    { ...each, ...SNOW, last: [2, 3] },
    { ...each, ...SLOW, number: 1, last: [4, null] },
  ];
  const columns = columnsOf({ axes: [], quantities: [ROUGHNESS, SPEED], experiments }, "si");
  const known = columns.filter(({ id }) => ["time", "q.roughness", "q.speed"].includes(id));

  assert.deepEqual(
    known.map(({ title }) => title),
    ["d", "roughness (m)", "speed (m/d)"],
  );
  assert.equal(
    csv(known, experiments),
    "time_d,roughness (m),speed (m/d)\r\n5,0.2,3\r\n50,0.4,\r\n".replace("0.2", String(2 * 0.1)),
  );
});

test("a time is told in days where they are wanted and known, and in t0 where they differ", () => {
  assert.equal(timeInWords(600, [SNOW, NONE], ""), "600 t0");
  assert.equal(timeInWords(600, [SNOW, NONE, SNOW], "si"), "60 d");
  assert.equal(timeInWords(600, [SNOW, SLOW], "si"), "600 t0 (60 to 600 d)");
  assert.equal(timeInWords(600, [TURNING], "si"), "600 t0");
  assert.equal(timeInWords(600, [NONE], "si"), "600 t0");
});
