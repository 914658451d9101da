// Texts that can be copied.

import { element } from "./elements.js";

export function copyable(text, label) {
  const holder = element(
    "div",
    { className: "copyable" },
    element("pre", { tabIndex: 0, "aria-label": label }, text),
  );
  addCopyButton(holder);
  return holder;
}

export function addCopyButton(holder) {
  const text = holder.querySelector("pre");
  const button = element("button", { type: "button", className: "quiet" }, "Copy");
  button.addEventListener("click", async () => {
    await copy(text);
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, 1500);
  });
  holder.append(button);
}

// the clipboard may be closed to a page from the disk; selected text can always be copied
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text.textContent);
  } catch {
    getSelection().selectAllChildren(text);
    document.execCommand("copy");
  }
}
