// The range of values that the colours of a sweep stand for.

import { areWhole } from "./charts.js";

const HEIGHT = { units: "cells", length: 1, time: 0 };

// by what is shown: height, relief, and each quantity of which there are values; whole numbers alone
// are heights, and what is whole at both ends in all experiments
export function scalesOf(experiments, quantities) {
  const scales = { height: heightScale(experiments), relief: reliefScale(experiments) };
  quantities.forEach((quantity, i) => {
    const spans = experiments.map((experiment) => experiment.spans[i]).filter(Boolean);
    if (spans.length)
      scales[quantity.name] = {
        ...union(spans),
        whole: areWhole(spans.flat()),
        label: quantity.longName,
        quantity,
      };
  });
  return scales;
}

// a sweep may keep no height maps; then its numbers are shown, once there are any
export function keepsMaps(experiments) {
  return (
    experiments.some((experiment) => experiment.heights) ||
    !experiments.some((experiment) => experiment.spans.some(Boolean))
  );
}

function heightScale(experiments) {
  const ranges = experiments.map((experiment) => experiment.heights).filter(Boolean);
  const { low, high } = union(ranges.length ? ranges : [[0, 1]]);
  const whole = true;
  return { low, high: Math.max(high, low + 1), whole, label: "height", quantity: HEIGHT };
}

function reliefScale(experiments) {
  const most = Math.max(1, ...experiments.map((experiment) => experiment.relief ?? 0));
  const label = "height above the mean";
  return { low: -most, high: most, whole: false, label, quantity: HEIGHT };
}

function union(ranges) {
  return {
    low: Math.min(...ranges.map(([low]) => low)),
    high: Math.max(...ranges.map(([, high]) => high)),
  };
}
