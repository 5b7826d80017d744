// Everything every page carries. Charts are a bundle of their own.
import htmx from "htmx.org";

import "./toast.js";
import "./shell.js";
import "./tabs.js";
import "./dialogs.js";
import "./preferences.js";
import "./list.js";
import "./lookup.js";
import "./dates.js";
import "./files.js";
import "./grid.js";
import "./scan.js";
import "./advice.js";
import "./scanner.js";
import "./clocks.js";
import "./intake.js";
import "./passkey.js";
import "./theatre.js";
import "./rows.js";

window.htmx = htmx;
