// The axes of a sweep: the sides of the phase diagram, and labels of experiments.
// An axis has an id, an index and labels; an experiment has a position, an index on each axis.

import { inOneLine } from "./text.js";

export function several(axes) {
  return axes.filter((axis) => axis.labels.length > 1);
}

// whether the experiments of a sample are shown in the plane of two of its parameters
export function isInPlane(diagram, view) {
  return Boolean(diagram.plane) && view.layout !== "list";
}

// the axes down and across: those of the view, else those of the diagram; in a plane that of its points
export function sidesOf(axes, diagram, view) {
  if (isInPlane(diagram, view)) return { rows: axes[diagram.plane.axis], columns: undefined };
  const swept = several(axes);
  const named = (id) => swept.find((axis) => axis.id === id);
  const rows = named(view.rows) ?? axes[diagram.rows];
  const columns = named(view.columns) ?? axes[diagram.columns];
  return { rows, columns: columns === rows ? swept.find((axis) => axis !== rows) : columns };
}

export function furtherAxes(axes, { rows, columns }) {
  return several(axes).filter((axis) => axis !== rows && axis !== columns);
}

// the index that is shown of a further axis; the view has labels, which outlive new values
export function pickedIndex(axis, picks) {
  return Math.max(0, axis.labels.map(inOneLine).indexOf(picks[axis.id]));
}

export function shownExperiments(experiments, axes, sides, picks) {
  const fixed = furtherAxes(axes, sides).map((axis) => [axis.index, pickedIndex(axis, picks)]);
  return experiments.filter(({ position }) => fixed.every(([axis, i]) => position[axis] === i));
}

export function byPosition({ position: a }, { position: b }) {
  const axis = a.findIndex((index, i) => index !== b[i]);
  return axis < 0 ? 0 : a[axis] - b[axis];
}

export function labelOf(experiment, axes) {
  return axes
    .map((axis) => inOneLine(axis.labels[experiment.position[axis.index]]))
    .filter(Boolean)
    .join(", ");
}
