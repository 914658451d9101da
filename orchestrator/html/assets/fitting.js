// How many pictures of one shape stand side by side, so that all are as large as the window allows.

const NARROWEST = 140; // pixels of a picture
const CAPTION = 40; // pixels below each

// shape is a picture's width over its height; where not all fit in, as many columns as there is room for
export function columnsFor(count, shape, { width, height }) {
  const most = Math.max(1, Math.min(count, Math.floor(width / NARROWEST)));
  for (let columns = 1; columns < most; columns += 1) {
    const rows = Math.ceil(count / columns);
    if (rows * (width / columns / shape + CAPTION) <= height) return columns;
  }
  return most;
}
