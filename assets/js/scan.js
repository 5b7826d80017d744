// The scan box: scanners type fast and end with Enter, so scans wait in a queue and never race each other.
//
// What was scanned is read by the server first (a device code also fills lot, expiry and quantity); what it does not
// know as a code is looked for as a typed code or name.
import * as decimal from "./decimal.js";
import { $, $$, csrf, element, on } from "./dom.js";
import { addRow, body, cell, compute } from "./grid.js";
import { DUPLICATE, OK, STOP, play } from "./hand_sounds.js";
import { choose, fetchItems, forget } from "./lookup.js";
import { GS, typeSeparator, typesSeparator } from "./separator.js";
import { toast } from "./toast.js";

const CELLS = "#lines tbody input[data-cell]";
const DEVICE = /^(\][A-Za-z]\d)?(\(01\)\d{14}|01\d{14}|MA\.\d)/;
const BURST_MS = 30; // between two characters, on average: no hand types like that
let queue = Promise.resolve();
const seen = new Set();

/** The row that already holds this thing with the same lot and dates, where the grid asks for them. */
function rowOf(box, item, fill) {
  const name = box.dataset.field;
  return [...body().rows].find(
    (row) =>
      $(`input[type=hidden][data-name="${name}"]`, row)?.value === String(item.id) &&
      Object.entries(fill).every(([field, value]) => {
        const node = field === box.dataset.quantity ? null : cell(row, field);
        return !node || !("value" in node) || node.value.trim() === value;
      }),
  );
}

const isEmpty = (row) => $$("[data-cell]", row).every((input) => !input.value);
const isTyped = (row) => row.contains(document.activeElement);

/** A row for what was scanned. The one the cursor is in waits for the next scan (half of it may stand there already). */
function freeRow(box) {
  const rows = [...body().rows];
  const waits = (row) => isTyped(row) && $$("[data-cell]", row).every((input) => !input.value || input.dataset.cell === box.dataset.field)
    && !$(`input[type=hidden][data-name="${box.dataset.field}"]`, row).value;
  return rows.find((row) => isEmpty(row) && !isTyped(row)) ?? addRow(rows.find(waits));
}

async function read(box, raw) {
  const { scan, place } = box.closest("[data-scan]")?.dataset ?? {};
  if (!scan) return null;
  const answer = await fetch(scan, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": csrf() },
    body: new URLSearchParams({ raw, place: place ?? "" }),
  });
  return answer.ok ? answer.json() : null;
}

function put(box, item, fill) {
  const quantity = box.dataset.quantity;
  const step = decimal.parse(fill[quantity] ?? "1") ?? 10000n;
  const same = box.dataset.merge === "1" && rowOf(box, item, fill);
  const row = same || freeRow(box);
  if (!same) {
    choose($(`[data-cell="${box.dataset.field}"]`, row), item);
    for (const [name, value] of Object.entries(fill)) {
      const node = name === quantity ? null : cell(row, name);
      if (!node || !("value" in node) || !value) continue;
      node.value = value;
      node.dataset.typed = "1";
    }
  }
  const node = quantity && cell(row, quantity);
  if (node && "value" in node) node.value = decimal.quantity((decimal.parse(node.value) ?? 0n) + step).replaceAll(",", "");
  compute(row);
  row.scrollIntoView({ block: "nearest" });
  $("tr.active", body())?.scrollIntoView({ block: "nearest" });
  row.classList.remove("scanned");
  requestAnimationFrame(() => row.classList.add("scanned"));
  play(OK);
}

/** A scan that was not taken: heard, said, and kept on the screen until it is read. */
function stop(words, sound = STOP) {
  play(sound);
  toast(words, "error");
}

/** A form that can help with a code nobody knows yet; once it is saved the code is taken again. */
async function help(box, raw, url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return stop("没有找到，也没有绑定的权限");
  play(STOP);
  const back = document.activeElement;
  const holder = element("div");
  holder.innerHTML = await answer.text();
  const dialog = $("dialog", holder);
  document.body.append(dialog);
  dialog.addEventListener("close", () => (dialog.remove(), back.isConnected ? back.focus() : box.focus()));
  $("form", dialog).addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const saved = await fetch(form.action, { method: "POST", headers: { "HX-Request": "true" }, body: new FormData(form) });
    if (!saved.ok) {
      $(".dialog-alert", dialog).innerHTML = await saved.text();
      return;
    }
    dialog.close();
    queue = queue.then(() => take(box, raw));
  });
  dialog.showModal();
  $("[autofocus]", dialog)?.focus();
}

async function take(box, raw) {
  const answer = await read(box, raw);
  if (answer?.hit) {
    if (answer.once && seen.has(raw)) return stop("重复扫描：这个序列号已经录入", DUPLICATE);
    if (answer.once) seen.add(raw);
    put(box, answer.hit, answer.fill);
    for (const words of answer.warnings) toast(words, "error", true);
    return;
  }
  if (answer?.dialog) return help(box, raw, answer.dialog);
  const code = raw.trim();
  const { hit, items } = await fetchItems(box, [["q", code]]);
  const item = hit ?? (items.length === 1 ? items[0] : null);
  if (item) return put(box, item, {});
  stop(items.length ? `“${code}”匹配 ${items.length} 项，请输入完整编码` : answer?.error || `未找到编码 ${code}`);
}

function enqueue(box, raw) {
  if (raw.trim()) queue = queue.then(() => take(box, raw)).catch(() => stop("扫码没有录入，请重扫"));
}

on("keydown", "#scan", (event, box) => {
  if (typesSeparator(event)) return typeSeparator(event, box);
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  const raw = box.value;
  box.value = "";
  enqueue(box, raw);
});

// A scanner types wherever the cursor is. In the grid a device code is told by what it looks like, any other code by how
// fast it came; what stood in the cell before comes back, and the cursor waits in an empty row for the next scan.
let before = null;
const burst = { since: 0, last: 0, count: 0 };

on("focusin", CELLS, (_, input) => {
  const hidden = input.closest("[data-lookup]") && $("input[type=hidden]", input.closest("[data-lookup]"));
  before = { input, value: input.value, hidden, id: hidden?.value };
});

/** A question is open: the next code is not its answer. It is heard, and must be scanned again. */
function keepOut(event) {
  const input = event.target instanceof Element && event.target.closest("#bind input");
  if (!input || event.key !== "Enter" || !(input.value.includes(GS) || DEVICE.test(input.value.trim()))) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  forget(input);
  input.value = "";
  stop("请先答完“绑定产品标识”，再继续扫码");
}

window.addEventListener("keydown", keepOut, true);

function arrives(key) {
  const now = performance.now();
  if (key.length !== 1) return;
  if (now - burst.last > 100) Object.assign(burst, { since: now, count: 0 });
  burst.last = now;
  burst.count += 1;
}

function isScanned(input, text) {
  if (text.includes(GS) || DEVICE.test(text)) return true;
  if (input.dataset.cell !== body().closest("table").dataset.scanned) return false;
  const quick = performance.now() - burst.last < 60 && burst.last - burst.since < BURST_MS * burst.count;
  return /^(\d{8}|\d{12,14})$/.test(text) || (quick && burst.count >= 6 && burst.count >= text.length);
}

/** Whether fourteen digits end in their own check digit: then they are a product number, not somebody's typing. */
function isProduct(digits) {
  const sum = [...digits].reduce((carried, digit, place) => carried + Number(digit) * (place % 2 ? 1 : 3), 0);
  return sum % 10 === 0;
}

/** What was scanned into a cell, and what stood there before; null for what was typed. */
function scannedIn(input) {
  const text = input.value;
  const known = before?.input === input;
  if (isScanned(input, text.trim())) return { raw: text, rest: known ? before.value : "" };
  // the cursor stood behind something: the code begins where a product number does
  const at = text.search(/01\d{14}/);
  if (at > 0 && isProduct(text.slice(at + 2, at + 16))) return { raw: text.slice(at), rest: text.slice(0, at) };
  return null;
}

function takeFrom(input, { raw, rest }) {
  forget(input);
  input.value = rest;
  if (before?.input === input && before.hidden && before.value === rest) before.hidden.value = before.id;
  const box = $("#scan");
  const waiting = isEmpty(input.closest("tr")) ? input.closest("tr") : ([...body().rows].find(isEmpty) ?? addRow());
  $(`[data-cell="${box.dataset.field}"]`, waiting).focus();
  enqueue(box, raw);
}

window.addEventListener(
  "keydown",
  (event) => {
    const input = event.target instanceof Element && event.target.closest(CELLS);
    if (!input || !$("#scan") || event.isComposing || event.keyCode === 229) return;
    if (typesSeparator(event)) return typeSeparator(event, input);
    arrives(event.key);
    const found = event.key === "Enter" && !event.shiftKey ? scannedIn(input) : null;
    if (!found) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    takeFrom(input, found);
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const box = $("#scan");
  if (!box) return;
  const lost = event.target === document.body && !$("dialog[open]");
  const types = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.key === "F2") {
    event.preventDefault();
    box.focus();
  } else if (lost && types) box.focus(); // nothing else has the cursor: the character goes where codes belong
});
