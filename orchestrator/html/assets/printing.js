// Printing: pictures and rows that are not on the screen yet are on paper.

import { blockOf, unpackedBlock } from "./blocks.js";
import { cells, paintCell, writeFigure } from "./cells.js";
import { experiments } from "./sweep.js";
import { addRows, table } from "./table.js";

// a browser that prints waits for nobody, so pictures are unpacked before; of a larger sweep, which
// fills many sheets, only those that somebody has seen
const MOST_AHEAD = 200;

export function startPrinting() {
  addEventListener("beforeprint", () => {
    while (table.rows < table.listed.length) addRows();
    for (const [number, cell] of cells) {
      const block = unpackedBlock(number);
      if (block) paintCell(number, block);
      else writeFigure(cell, ["not drawn, for it was out of sight"]);
    }
  });
  if (experiments.length > MOST_AHEAD) return;
  if (document.readyState === "complete") unpackAhead();
  else addEventListener("load", unpackAhead, { once: true });
}

async function unpackAhead() {
  for (const { number } of experiments) {
    await idle();
    await blockOf(number);
  }
}

function idle() {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(resolve);
    else setTimeout(resolve, 50);
  });
}
