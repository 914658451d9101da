// Moving from cell to cell of the phase diagram by keys.

import { cells } from "./cells.js";

export const MOVES = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// the cell to which a key moves; undefined at the edge
export function cellAfter(from, key) {
  const all = [...cells.values()];
  const index = all.indexOf(from);
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (from.closest(".plane")) return nearestAhead(from, all, DIRECTIONS[key]);
  if (key === "ArrowLeft") return all[index - 1];
  if (key === "ArrowRight") return all[index + 1];
  const start = from.getBoundingClientRect();
  const sign = key === "ArrowDown" ? 1 : -1;
  const distance = (cell) => {
    const box = cell.getBoundingClientRect();
    const ahead = sign * (box.top - start.top);
    return ahead > 4 ? ahead * 1000 + Math.abs(box.left - start.left) : Number.POSITIVE_INFINITY;
  };
  const best = all.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return Number.isFinite(distance(best)) ? best : undefined;
}

// in a plane, where cells are in no rows
function nearestAhead(from, all, [right, down]) {
  const middle = (cell) => {
    const { left, top, width, height } = cell.getBoundingClientRect();
    return [left + width / 2, top + height / 2];
  };
  const [x0, y0] = middle(from);
  const distance = (cell) => {
    const [x, y] = middle(cell);
    const ahead = right * (x - x0) + down * (y - y0);
    const aside = Math.abs(down * (x - x0) + right * (y - y0));
    return ahead > 4 ? ahead + 2 * aside : Number.POSITIVE_INFINITY;
  };
  const best = all.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return Number.isFinite(distance(best)) ? best : undefined;
}

export function moveTo(cell) {
  makeTabStop(cell);
  cell.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  cell.focus({ preventScroll: true });
}

// of all cells one is a stop of the Tab key
export function makeTabStop(cell) {
  for (const other of cells.values()) other.tabIndex = -1;
  cell.tabIndex = 0;
}
