// Lengths and times in the units of the model, or in metres and days.

import { short } from "./text.js";

const DAY = 86400; // seconds
const LENGTHS = { 0: "", 1: "m", 2: "m²", 3: "m³" };

// whether any experiment tells how large a cell is
export function hasNature(experiments) {
  return experiments.some(({ scales }) => scales.cell !== null);
}

// what a value of a quantity is multiplied by, and its unit; an experiment without scales, and a
// quantity that has none of them in its unit, stays as it is. Where a t0 has no one length, times stay
export function unitOf({ units, length, time }, experiment, si) {
  if (!si || (length === 0 && time === 0)) return { factor: 1, units };
  const { cell } = experiment.scales;
  if (cell === null) return { factor: 1, units };
  const late = timeUnit(experiment, si);
  const per = { "-1": `/${late.units}`, 0: "", 1: ` ${late.units}` }[time];
  return { factor: cell ** length * late.factor ** time, units: `${LENGTHS[length]}${per}` };
}

// likewise of times
export function timeUnit({ scales }, si) {
  return si && scales.t0 !== null
    ? { factor: scales.t0 / DAY, units: "d" }
    : { factor: 1, units: "t0" };
}

// a time that all experiments share, in t0, and where days are wanted from when to when that is in
// nature in those that have begun
export function timeInWords(time, experiments, si) {
  const inModel = `${short(time)} t0`;
  const begun = experiments.filter(({ scales }) => scales.cell !== null);
  const units = begun.map((experiment) => timeUnit(experiment, si));
  if (!units.length || units.some((unit) => unit.units !== "d")) return inModel;
  const days = units.map(({ factor }) => time * factor);
  const [first, last] = [Math.min(...days), Math.max(...days)].map(short);
  return first === last ? `${first} d` : `${inModel} (${first} to ${last} d)`;
}

// the side of a cell
export function cellUnit({ scales }, si) {
  return si && scales.cell !== null
    ? { factor: scales.cell, units: "m" }
    : { factor: 1, units: "cells" };
}

// the experiments with scales that can stand on one axis: where a t0 has no one length in one of
// those that have begun, times stay in t0 in all
export function evenlyScaled(experiments) {
  if (experiments.every(({ scales }) => scales.cell === null || scales.t0 !== null))
    return experiments;
  return experiments.map((each) => ({ ...each, scales: { ...each.scales, t0: null } }));
}

// the first that has begun, whose units are those of all; if none has, any will do
export function withUnit(experiments) {
  return experiments.find(({ scales }) => scales.cell !== null) ?? experiments[0];
}

// of several experiments the one unit that all have which have begun, for these have scales if any
// has; that of the model where they differ
export function commonUnit(quantity, experiments, si) {
  const begun = experiments.filter(({ scales }) => scales.cell !== null);
  const all = begun.map((experiment) => unitOf(quantity, experiment, si));
  const same = all.every(({ factor, units }) => factor === all[0].factor && units === all[0].units);
  return all.length && same ? all[0] : { factor: 1, units: quantity.units };
}

export function scaled(values, factor) {
  return factor === 1 ? values : values.map((value) => value * factor);
}
