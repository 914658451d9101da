// Lengths and times in the units of the model, or in metres and days.

const DAY = 86400; // seconds
const LENGTHS = { 0: "", 1: "m", 2: "m²", 3: "m³" };

// whether any experiment tells how large a cell is
export function hasNature(experiments) {
  return experiments.some(({ scales }) => scales.cell !== null);
}

// what a value of a quantity is multiplied by, and its unit; an experiment without scales, and a
// quantity that has none of them in its unit, stays as it is
export function unitOf({ units, length, time }, { scales }, si) {
  if (!si || (length === 0 && time === 0)) return { factor: 1, units };
  const known = (length === 0 || scales.cell !== null) && (time === 0 || scales.t0 !== null);
  if (!known) return { factor: 1, units };
  const factor = (scales.cell ?? 1) ** length * ((scales.t0 ?? 1) / DAY) ** time;
  const per = { "-1": "/d", 0: "", 1: " d" }[time];
  return { factor, units: `${LENGTHS[length]}${per}` };
}

// likewise of times
export function timeUnit({ scales }, si) {
  return si && scales.t0 !== null
    ? { factor: scales.t0 / DAY, units: "d" }
    : { factor: 1, units: "t0" };
}

// the side of a cell
export function cellUnit({ scales }, si) {
  return si && scales.cell !== null
    ? { factor: scales.cell, units: "m" }
    : { factor: 1, units: "cells" };
}

// of several experiments the one unit that all have; that of the model where they differ
export function commonUnit(quantity, experiments, si) {
  const all = experiments.map((experiment) => unitOf(quantity, experiment, si));
  const same = all.every(({ factor }) => factor === all[0]?.factor);
  return all.length && same ? all[0] : { factor: 1, units: quantity.units };
}

export function scaled(values, factor) {
  return factor === 1 ? values : values.map((value) => value * factor);
}
