// The sweep as the page has it: its data, experiments, axes and scales.

import { labelOf } from "./axes.js";
import { scalesOf } from "./scales.js";
import { evenlyScaled } from "./units.js";

export const data = JSON.parse(document.getElementById("data").textContent);
export const experiments = evenlyScaled(data.experiments).map((experiment, i) => ({
  ...experiment,
  position: data.diagram.positions[i],
}));
export const byNumber = new Map(experiments.map((experiment) => [experiment.number, experiment]));
export const axes = data.diagram.axes.map((axis, index) => ({ ...axis, index }));
export const scales = scalesOf(experiments, data.quantities);

export function described(experiment) {
  return labelOf(experiment, axes);
}
