// The panel of one experiment: map, spectrum, series, parameters, provenance, log.

import { blockOf, frameAt, hasMaps } from "./blocks.js";
import { hasEnded } from "./cells.js";
import { chart } from "./charts.js";
import { copyable } from "./clipboard.js";
import { timeSlider } from "./controls.js";
import { badge, byId, element, pairs, titled } from "./elements.js";
import { drawMap } from "./maps.js";
import { windsInWords } from "./rose.js";
import { dominantWave, drawSpectrum, rangeOfWaves } from "./spectra.js";
import { byNumber, data, described, experiments, scales } from "./sweep.js";
import { table } from "./table.js";
import { exact, short, unbroken } from "./text.js";
import { cellUnit, scaled, timeInWords, timeUnit, unitOf } from "./units.js";
import { change, onChange, view } from "./view.js";

export const detail = {
  opener: null, // what had focus before, and has it again when the panel is closed
  parts: null, // what follows the time in the open panel
};

async function openDetail(number) {
  const dialog = byId("detail");
  const experiment = byNumber.get(number);
  byId("detail-title").replaceChildren(`exp${number} `, badge(experiment.state));
  const block = await blockOf(number);
  if (view.open !== number) return;
  byId("detail-body").replaceChildren(...panelContent(experiment, block));
  byId("detail-body").scrollTop = 0;
  followTime();
  if (dialog.open) return;
  detail.opener = document.activeElement;
  dialog.showModal();
  byId("close").focus();
}

function closeDetail() {
  detail.parts = null;
  if (byId("detail").open) byId("detail").close();
}

function panelContent(experiment, block) {
  const { parameters, provenance, attempts, log_tail: log } = block.head;
  detail.parts = { experiment, block, charts: [] };
  const items = attempts.map((attempt) => element("li", {}, attempt));
  return [
    element("p", { className: "lead" }, unbroken(described(experiment))),
    experiment.remark ? element("p", { className: "why" }, experiment.remark) : null,
    ...pictures(experiment, block),
    ...series(experiment, block),
    titled("Parameters", parameterList(parameters)),
    titled("Provenance", pairs(Object.entries(provenance))),
    items.length ? titled("Attempts", element("ol", {}, ...items)) : null,
    log.length
      ? titled("End of the engine's log", copyable(log.join("\n"), "End of the log"))
      : null,
  ].filter(Boolean);
}

// ---- map and spectrum ----------------------------------------------------------------------

function pictures(experiment, block) {
  if (block.head.times.length === 0)
    return [
      element("p", {}, hasEnded(experiment) ? "There are no snapshots." : "No snapshots yet."),
    ];
  const { parts } = detail;
  parts.mapText = element("figcaption", { "aria-live": "polite" });
  if (hasMaps(block)) parts.map = element("canvas", { role: "img" });
  parts.slider = timeSlider("detail-time");
  const map = [parts.map, parts.mapText].filter(Boolean);
  const created = [element("figure", { className: "map" }, ...map), parts.slider];
  if (!block.arrays.spectra) return created;
  parts.spectrum = element("canvas", { role: "img" });
  parts.spectrumText = element("figcaption", {});
  const spectrum = [parts.spectrum, parts.spectrumText];
  return [
    ...created,
    titled("Spectrum", element("figure", { className: "spectrum" }, ...spectrum)),
  ];
}

function followTime() {
  const { parts } = detail;
  if (!parts?.slider) return;
  const time = data.times[view.time];
  const frame = frameAt(parts.block, time, data.times);
  showMap(parts, frame);
  parts.slider.value = String(view.time);
  parts.slider.setAttribute("aria-valuetext", timeOf(time, parts.experiment));
  const { factor } = timeUnit(parts.experiment, view.units);
  for (const { moveCursor } of parts.charts) moveCursor(frame.time * factor);
  if (parts.spectrum) showSpectrum(parts, frame);
}

function timeOf(time, experiment) {
  return timeInWords(time, [experiment], view.units);
}

function showMap({ map, mapText, block, experiment }, frame) {
  const { depth, length, side } = block.head;
  const which = frame.past ? ", the last one there is" : ", the nearest there is";
  const cell = cellUnit(experiment, view.units);
  const time = timeOf(frame.time, experiment);
  const sides = [length, depth].map((side) => short(side * cell.factor)).join(" × ");
  const caption = `t = ${time}${frame.other ? which : ""}; ${sides} ${cell.units}`;
  if (!map) {
    mapText.textContent = `${caption}; no height maps were kept`;
    return;
  }
  const kind = view.show === "relief" ? "relief" : "height";
  drawMap(map, block, frame.index, scales[kind], kind === "relief");
  const sampled = side > 1 ? `, each pixel the mean of ${side} × ${side} cells` : "";
  const wind = windsInWords(experiment.winds);
  mapText.textContent = `${caption}${sampled}; ${wind}`;
  map.setAttribute("aria-label", `Height map of exp${experiment.number} at ${time}`);
}

function showSpectrum({ spectrum, spectrumText, block, experiment }, frame) {
  const dominant = dominantWave(block, frame, cellUnit(experiment, view.units));
  drawSpectrum(spectrum, block, frame.index);
  spectrumText.textContent = `${rangeOfWaves(block)} ${dominant}`;
  spectrum.setAttribute("aria-label", `Spectrum at ${timeOf(frame.time, experiment)}. ${dominant}`);
}

// ---- series and parameters -----------------------------------------------------------------

function series(experiment, { arrays }) {
  const late = timeUnit(experiment, view.units);
  const times = scaled(Array.from(arrays.series_times.values), late.factor);
  if (times.length < 2) return [];
  const charts = data.quantities
    .filter(({ name }) => arrays[name])
    .map((quantity) => {
      const { factor, units } = unitOf(quantity, experiment, view.units);
      const values = scaled(Array.from(arrays[quantity.name].values), factor);
      return chart({ ...quantity, units }, times, values, late.units);
    })
    .filter(Boolean);
  detail.parts.charts = charts;
  const figures = charts.map(({ figure }) => figure);
  return figures.length
    ? [
        titled(
          `Series over time (${late.units})`,
          element("div", { className: "charts" }, ...figures),
        ),
      ]
    : [];
}

// the swept ones first
function parameterList(parameters) {
  const swept = data.axes.flat().filter((name) => name in parameters);
  const others = Object.keys(parameters).filter((name) => !swept.includes(name));
  const list = pairs([...swept, ...others.sort()].map((name) => [name, exact(parameters[name])]));
  for (const name of [...list.querySelectorAll("dt")].slice(0, swept.length)) {
    name.classList.add("swept");
  }
  return list;
}

// ---- opening, closing, going on ------------------------------------------------------------

// in the order of the table, if it has the open experiment
function openNeighbour(step) {
  const listed = table.listed.map(({ number }) => number);
  const all = listed.includes(view.open) ? listed : experiments.map(({ number }) => number);
  const next = all[all.indexOf(view.open) + step];
  if (next !== undefined) change({ open: next });
}

export async function startDetail() {
  const dialog = byId("detail");
  byId("close").addEventListener("click", () => dialog.close());
  byId("previous").addEventListener("click", () => openNeighbour(-1));
  byId("next").addEventListener("click", () => openNeighbour(1));
  dialog.addEventListener("close", () => {
    if (view.open !== null) change({ open: null });
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  onChange((part) => {
    if ("open" in part && part.open === null) closeDetail();
    else if ("open" in part) openDetail(part.open);
    else if ("units" in part && view.open !== null) openDetail(view.open);
    else if ("time" in part || "show" in part) followTime();
  });
  if (view.open !== null) await openDetail(view.open);
}
