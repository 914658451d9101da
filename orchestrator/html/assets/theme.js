// Light and dark: as the system has it, until the reader chooses.

import { byId } from "./elements.js";
import { store, stored } from "./storage.js";

export function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const { dataset } = document.documentElement;
  const current = () => dataset.theme ?? (system.matches ? "dark" : "light");
  const label = () => {
    byId("theme").textContent = current() === "dark" ? "Light" : "Dark";
  };
  byId("theme").addEventListener("click", () => {
    dataset.theme = current() === "dark" ? "light" : "dark";
    store("theme", dataset.theme);
    label();
  });
  system.addEventListener("change", label);
  const before = stored("theme");
  if (before) dataset.theme = before;
  label();
}
