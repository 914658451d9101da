// What is left: copying, light and dark, links, and where all of it begins.

// ---- copying -------------------------------------------------------------------------------

function copyable(text, label) {
  const made = element(
    "div",
    { className: "copyable" },
    element("pre", { tabIndex: 0, "aria-label": label }, text),
  );
  addCopy(made);
  return made;
}

function addCopy(holder) {
  const text = holder.querySelector("pre");
  const button = element("button", { type: "button", className: "quiet" }, "Copy");
  button.addEventListener("click", async () => {
    await copy(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  holder.append(button);
}

// the clipboard may be closed to a page from the disk; selected text can always be copied
async function copy(holder) {
  try {
    await navigator.clipboard.writeText(holder.textContent);
  } catch {
    getSelection().selectAllChildren(holder);
    document.execCommand("copy");
  }
}

// ---- light and dark ------------------------------------------------------------------------

function startTheme() {
  const wishes = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  const dark = () => (root.dataset.theme ?? (wishes.matches ? "dark" : "light")) === "dark";
  const root = document.documentElement;
  const label = () => (button.textContent = dark() ? "Light" : "Dark");
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    kept("theme", root.dataset.theme);
    label();
  });
  wishes.addEventListener("change", label);
  const before = kept("theme");
  if (before) root.dataset.theme = before;
  label();
}

function kept(key, value, where = "localStorage") {
  try {
    if (value !== undefined) window[where].setItem(`rescal-sweep.${key}`, value);
    return window[where].getItem(`rescal-sweep.${key}`) || null;
  } catch {
    return null; // a browser may keep nothing for pages from the disk
  }
}

// ---- links within the page: the address keeps what is shown, so they only scroll -----------

function startLinks() {
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const target = byId(link.getAttribute("href").slice(1));
      target.scrollIntoView();
      target.tabIndex = -1;
      target.focus({ preventScroll: true });
    });
  }
}

function startWarning() {
  if ("DecompressionStream" in window) return;
  const text = "This browser cannot unpack the pictures; browsers from 2023 on can.";
  byId("grid").before(element("p", { className: "why", role: "alert" }, text));
}

recall();
startWarning();
startTheme();
startGrid();
startTable();
const before = comeBack();
startDetail().then(() => settle(before));
startLinks();
startAddress();
startFollowing();
startPrinting();
for (const holder of document.querySelectorAll("main .copyable")) addCopy(holder);
