// The controls above the phase diagram: time, what is shown, and the axes.

import { furtherAxes, isInPlane, pickedIndex, several, sidesOf } from "./axes.js";
import { byId, element } from "./elements.js";
import { keepsMaps } from "./scales.js";
import { axes, data, experiments, scales } from "./sweep.js";
import { inOneLine } from "./text.js";
import { hasNature } from "./units.js";
import { change, view } from "./view.js";

export function buildControls() {
  const controls = byId("tools");
  const sides = sidesOf(axes, data.diagram, view);
  const focused = controls.contains(document.activeElement) ? document.activeElement.id : null;
  controls.replaceChildren(timeControl(), showControl());
  if (data.diagram.plane) controls.append(layoutControl(data.diagram.plane));
  if (several(axes).length > 1 && !isInPlane(data.diagram, view)) {
    controls.append(sideControl("Down", "rows", sides), sideControl("Across", "columns", sides));
  }
  controls.append(...furtherAxes(axes, sides).map(pickControl));
  if (hasNature(experiments)) controls.append(unitsControl());
  byId(focused)?.focus({ preventScroll: true });
}

// ---- time ----------------------------------------------------------------------------------

export function timeSlider(id) {
  const slider = element("input", {
    id,
    type: "range",
    min: "0",
    max: String(data.times.length - 1),
    step: "1",
    "aria-label": "Time",
    value: String(view.time),
  });
  slider.disabled = data.times.length < 2;
  slider.addEventListener("input", () => change({ time: Number(slider.value) }));
  return slider;
}

function timeControl() {
  const play = element("button", { id: "play", type: "button", className: "quiet" });
  showPlaying(play);
  play.addEventListener("click", togglePlay);
  const reading = element("output", { id: "time-text", for: "time" });
  return element("div", { className: "time grow" }, play, timeSlider("time"), reading);
}

let playing = null; // the timer

export function isPlaying() {
  return playing !== null;
}

function togglePlay() {
  const next = () => change({ time: (view.time + 1) % data.times.length });
  clearInterval(playing);
  playing = isPlaying() ? null : setInterval(next, 500);
  showPlaying(byId("play"));
}

function showPlaying(button) {
  button.textContent = isPlaying() ? "Pause" : "Play";
  button.setAttribute("aria-pressed", String(isPlaying()));
}

// ---- choices -------------------------------------------------------------------------------

// a labelled list of [key, text]
export function chooser(id, label, options, value, choose) {
  const list = element(
    "select",
    { id },
    ...options.map(([key, text]) => element("option", { value: key }, text)),
  );
  list.value = value;
  list.addEventListener("change", () => choose(list.value));
  return element("label", {}, `${label} `, list);
}

function showControl() {
  const maps = [
    ["height", "height maps"],
    ["relief", "relief about the mean"],
  ];
  const numbers = data.quantities
    .filter(({ name }) => scales[name])
    .map(({ name, longName }) => [name, longName]);
  const options = [...(keepsMaps(experiments) ? maps : []), ...numbers];
  if (!options.some(([key]) => key === view.show)) view.show = options[0][0];
  return chooser("show", "Show", options, view.show, (show) => change({ show }));
}

function sideControl(label, side, sides) {
  const other = side === "rows" ? "columns" : "rows";
  const options = several(axes).map(({ id }) => [id, id.replaceAll(" ", ", ")]);
  return chooser(`side-${side}`, label, options, sides[side].id, (id) => {
    // an axis that is on the other side already changes places with this one
    const exchanged = sides[other].id === id ? sides[side].id : sides[other].id;
    change({ [side]: id, [other]: exchanged });
  });
}

function layoutControl({ right, up }) {
  const options = [
    ["", `plane of ${right.label}, ${up.label}`],
    ["list", "one after the other"],
  ];
  return chooser("layout", "Layout", options, view.layout, (layout) => change({ layout }));
}

function unitsControl() {
  const options = [
    ["", "cells, t0"],
    ["si", "metres, days"],
  ];
  return chooser("units", "Units", options, view.units, (units) => change({ units }));
}

function pickControl(axis) {
  const labels = axis.labels.map(inOneLine);
  const options = labels.map((label) => [label, label]);
  const picked = labels[pickedIndex(axis, view.picks)];
  return chooser(`pick-${axis.id.replaceAll(" ", "-")}`, "At", options, picked, (label) =>
    change({ picks: { ...view.picks, [axis.id]: label } }),
  );
}
