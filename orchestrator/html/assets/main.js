// The program of the page: all of its parts, started.

import { addCopyButton } from "./clipboard.js";
import { startDetail } from "./detail.js";
import { startDiagram } from "./diagram.js";
import { byId, element } from "./elements.js";
import { startLinks } from "./links.js";
import { startPrinting } from "./printing.js";
import { startQuantities } from "./quantities.js";
import { restorePosition, restoreRows, startReload } from "./reload.js";
import { startTable } from "./table.js";
import { startTheme } from "./theme.js";
import { startHistory } from "./view.js";

if (!("DecompressionStream" in window)) {
  const warning = "This browser cannot unpack the pictures; browsers from 2023 on can.";
  byId("grid").before(element("p", { className: "why", role: "alert" }, warning));
}
startTheme();
startDiagram();
startQuantities();
startTable();
const before = restoreRows();
startDetail().then(() => restorePosition(before));
startLinks();
startHistory();
startReload();
startPrinting();
for (const holder of document.querySelectorAll("main .copyable")) addCopyButton(holder);
