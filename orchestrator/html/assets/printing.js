// Printing: what is not drawn on the screen yet, or only as far as somebody scrolls, is on paper.

// a browser that prints waits for nobody, so pictures are unpacked before; of a larger sweep, which
// fills many sheets, only those that somebody has seen
const MOST_AHEAD = 200;

function startPrinting() {
  addEventListener("beforeprint", () => {
    while (made < listed.length) extend();
    for (const [number, cell] of cells) {
      if (unpacked.has(number)) paintCell(cell, number, unpacked.get(number));
      else tellFigure(cell, ["not drawn, for it was out of sight"]);
    }
  });
  if (experiments.length > MOST_AHEAD) return;
  if (document.readyState === "complete") unpackAhead();
  else addEventListener("load", unpackAhead, { once: true });
}

async function unpackAhead() {
  for (const { number } of experiments) {
    await idle();
    await block(number);
  }
}

function idle() {
  return new Promise((resolve) =>
    "requestIdleCallback" in window ? requestIdleCallback(resolve) : setTimeout(resolve, 50),
  );
}
