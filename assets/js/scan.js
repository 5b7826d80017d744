// The scan box: scanners type fast and end with Enter, so scans wait in a queue and never race each other.
//
// What was scanned is read by the server first (a device code also fills lot, expiry and quantity); what it does not
// know as a code is looked for as a typed code or name.
import * as decimal from "./decimal.js";
import { $, csrf, element, on } from "./dom.js";
import { addRow, body, cell, compute } from "./grid.js";
import { choose, fetchItems } from "./lookup.js";
import { toast } from "./toast.js";

const GS = "\x1d";
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

function emptyRow(box) {
  return [...body().rows].find((row) => {
    const input = $(`[data-lookup] [data-cell="${box.dataset.field}"]`, row);
    return input && !input.value;
  });
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
  const row = same || (emptyRow(box) ?? addRow());
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
}

/** A form that can help with a code nobody knows yet; once it is saved the code is taken again. */
async function help(box, raw, url) {
  const answer = await fetch(url, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return toast("没有找到，也没有绑定的权限", "error");
  const holder = element("div");
  holder.innerHTML = await answer.text();
  const dialog = $("dialog", holder);
  document.body.append(dialog);
  dialog.addEventListener("close", () => (dialog.remove(), box.focus()));
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
    if (answer.once && seen.has(raw)) return toast("重复扫描：这个序列号已经录入", "error");
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
  toast(items.length ? `“${code}”匹配 ${items.length} 项，请输入完整编码` : answer?.error || `未找到编码 ${code}`, "error");
}

/** Browsers put no GS into a text box: scanners send it as Ctrl+], some are set to F8. */
export function typesSeparator(event) {
  return (event.ctrlKey && (event.key === "]" || event.code === "BracketRight")) || event.key === "F8" || event.key === GS;
}

export function typeSeparator(event, box) {
  event.preventDefault();
  box.setRangeText(GS, box.selectionStart, box.selectionEnd, "end");
}

on("keydown", "#scan", (event, box) => {
  if (typesSeparator(event)) return typeSeparator(event, box);
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  const raw = box.value;
  box.value = "";
  if (raw.trim()) queue = queue.then(() => take(box, raw)).catch(() => toast("扫码没有录入，请重扫", "error"));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "F2" && $("#scan")) {
    event.preventDefault();
    $("#scan").focus();
  }
});
