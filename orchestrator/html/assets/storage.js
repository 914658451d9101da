// What the browser keeps for the next visit, or (session) for the next time the page is loaded.

export function stored(key, area = "localStorage") {
  try {
    return window[area].getItem(`rescal-sweep.${key}`) || null;
  } catch {
    return null; // a browser may keep nothing for pages from the disk
  }
}

export function store(key, value, area = "localStorage") {
  try {
    window[area].setItem(`rescal-sweep.${key}`, value);
  } catch {
    // as above
  }
}
