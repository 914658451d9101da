// The cells of the phase diagram: one picture each, drawn once it comes into sight.

import { blockOf, frameAt, hasMaps, unpackedBlock, valueAt } from "./blocks.js";
import { rgb } from "./colours.js";
import { element } from "./elements.js";
import { drawMap } from "./maps.js";
import { rose } from "./rose.js";
import { byNumber, data, described, experiments, scales } from "./sweep.js";
import { short, stateName } from "./text.js";
import { view } from "./view.js";

export const cells = new Map(); // by number, a button
const inSight = new Set(); // numbers of the cells in or near the window
const longest = Math.max(...experiments.map(({ domain }) => domain[1])); // all to its scale
const watcher = new IntersectionObserver(watch, { rootMargin: "300px" });

function watch(entries) {
  for (const entry of entries) {
    const number = Number(entry.target.dataset.number);
    if (entry.isIntersecting) {
      inSight.add(number);
      drawCell(number);
    } else inSight.delete(number);
  }
}

export function clearCells() {
  watcher.disconnect();
  inSight.clear();
  cells.clear();
}

export function watchCells() {
  for (const cell of cells.values()) watcher.observe(cell);
}

// with how many more experiments stand at the same point
export function createCell(experiment, more) {
  const { number, state, domain, winds } = experiment;
  const [depth, length] = domain;
  const note = [progress(experiment), more ? `and ${more} more` : ""].filter(Boolean);
  const cell = element(
    "button",
    { type: "button", className: `cell ${state}`, "data-number": number, tabIndex: -1 },
    element(
      "span",
      { className: "picture" },
      element("canvas", { width: 2, height: 1 }),
      element("span", { className: "figure" }),
      winds?.length ? rose(winds) : null,
    ),
    note.length ? element("span", { className: "note" }, note.join(", ")) : null,
  );
  cell.style.setProperty("--shape", `${length || 2} / ${depth || 1}`);
  cell.style.setProperty("--share", length / longest || 1);
  cell.setAttribute("aria-label", `exp${number}, ${described(experiment)}, ${stateName(state)}`);
  cells.set(number, cell);
  return cell;
}

function progress({ state, fraction }) {
  if (state === "done" || state === "stopped") return "";
  return state === "running" ? `running, ${Math.round(100 * fraction)} %` : stateName(state);
}

export function hasEnded({ state }) {
  return state !== "pending" && state !== "running";
}

// ---- drawing -------------------------------------------------------------------------------

export function showsMaps() {
  return view.show === "height" || view.show === "relief";
}

export function drawCells() {
  for (const number of inSight) drawCell(number);
}

async function drawCell(number) {
  const block = unpackedBlock(number) ?? (await blockOf(number));
  if (cells.has(number) && inSight.has(number)) paintCell(number, block);
}

export function paintCell(number, block) {
  const cell = cells.get(number);
  const canvas = cell.querySelector("canvas");
  const time = data.times[view.time];
  const frame = frameAt(block, time, data.times);
  const texts = [];
  cell.classList.toggle("empty", frame === null);
  if (frame === null) texts.push(hasEnded(byNumber.get(number)) ? "no data" : "no data yet");
  else if (!showsMaps()) texts.push(drawNumber(canvas, valueAt(block, view.show, time)));
  else if (!hasMaps(block)) texts.push("no height maps");
  else drawMap(canvas, block, frame.index, scales[view.show], view.show === "relief");
  if (isFull(byNumber.get(number), frame)) texts.push("the domain is full");
  if (frame?.other && (!showsMaps() || hasMaps(block))) texts.push(`t = ${short(frame.time)}`);
  writeFigure(cell, texts);
}

// whether the ceiling cuts the surface off, on which nothing is measured then
function isFull({ full }, frame) {
  return frame !== null && full !== null && frame.time >= full;
}

export function writeFigure(cell, texts) {
  const figure = cell.querySelector(".figure");
  figure.replaceChildren(...(texts.length ? [element("span", {}, texts.join(", "))] : []));
}

function drawNumber(canvas, value) {
  const { low, high } = scales[view.show];
  canvas.width = 2;
  canvas.height = 1;
  if (Number.isFinite(value)) {
    const pen = canvas.getContext("2d");
    pen.fillStyle = rgb((value - low) / (high - low || 1));
    pen.fillRect(0, 0, 2, 1);
  }
  return short(value);
}
