// The tooltip of a cell: the numbers of an experiment at the time that is shown.

import { blockOf, frameAt, unpackedBlock, valueAt } from "./blocks.js";
import { cells } from "./cells.js";
import { byId, element, pairs } from "./elements.js";
import { byNumber, data, described } from "./sweep.js";
import { short, stateName, unbroken, withUnits } from "./text.js";
import { timeUnit, unitOf } from "./units.js";
import { view } from "./view.js";

const EDGE = 8; // pixels about it

export async function showTip(cell) {
  const { number } = cell.dataset;
  const tip = byId("tip");
  if (tip.dataset.number !== number) hideTip();
  tip.dataset.number = number;
  const block = unpackedBlock(Number(number)) ?? (await blockOf(Number(number)));
  if (tip.dataset.number !== number) return;
  tip.replaceChildren(...tipContent(byNumber.get(Number(number)), block));
  tip.hidden = false;
  cell.setAttribute("aria-describedby", "tip");
  moveBeside(tip, cell.getBoundingClientRect());
}

// under the cell, above it or at its side, where there is room, and always within the window
function moveBeside(tip, box) {
  const { offsetWidth: width, offsetHeight: height } = tip;
  let [left, top] = [box.left, box.bottom + EDGE];
  if (top + height + EDGE > innerHeight) top = box.top - height - EDGE;
  if (top < EDGE) {
    const right = box.right + EDGE;
    left = right + width + EDGE <= innerWidth ? right : box.left - width - EDGE;
    top = box.top;
  }
  const within = (wanted, most) => Math.max(EDGE, Math.min(wanted, most - EDGE));
  tip.style.left = `${within(left, innerWidth - width) + scrollX}px`;
  tip.style.top = `${within(top, innerHeight - height) + scrollY}px`;
}

function tipContent(experiment, block) {
  const { number, state, remark, stop } = experiment;
  const late = timeUnit(experiment, view.units);
  const frame = frameAt(block, data.times[view.time], data.times);
  const heading = [
    element("strong", {}, `exp${number} · ${stateName(state)}`),
    element("div", {}, unbroken(described(experiment))),
    ...(remark ? [element("div", { className: "why" }, remark)] : []),
  ];
  if (frame === null) return heading;
  const [now, end] = [frame.time, stop].map((t) => `${short(t * late.factor)} ${late.units}`);
  const time = `at ${now}, of ${end}`;
  const numbers = data.quantities.map((quantity) => {
    const { factor, units } = unitOf(quantity, experiment, view.units);
    const value = valueAt(block, quantity.name, frame.time);
    return [quantity.longName, withUnits(factor === 1 ? value : value * factor, units)];
  });
  return [...heading, element("div", { className: "small" }, time), pairs(numbers)];
}

export function hideTip() {
  const tip = byId("tip");
  cells.get(Number(tip.dataset.number))?.removeAttribute("aria-describedby");
  tip.dataset.number = "";
  tip.hidden = true;
}

// after the time or the pictures changed
export function updateTip() {
  const { number } = byId("tip").dataset;
  const cell = number && cells.get(Number(number));
  if (cell) showTip(cell);
  else hideTip();
}
