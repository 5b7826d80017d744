// The entry grid: plain inputs named lines-<row>-<cell>, typed in like a spreadsheet.
//
// Enter goes to the next cell and adds a row at the end, arrows move in the column, Ctrl+Delete removes a row, and a
// block copied from Excel is pasted from the focused cell on. Keys are left alone while an input method composes.
import * as decimal from "./decimal.js";
import { $, $$, always, on } from "./dom.js";
import { choose, fetchItems } from "./lookup.js";
import { toast } from "./toast.js";
import { inBaseUnits } from "./units.js";

const CELLS = "#lines tbody [data-cell]";
const grid = () => $("#lines");
const body = () => grid().tBodies[0];
const cell = (row, name) => $(`[data-field="${name}"]`, row);
const inputs = (row) => $$("[data-cell]", row);

function read(row, name) {
  const node = cell(row, name);
  if (!node) return 0n;
  return decimal.parse("value" in node ? node.value : node.textContent) ?? 0n;
}

function show(name, text) {
  for (const node of $$(`[data-sum="${name}"]`)) node.textContent = text;
}

export function total() {
  if (!grid()) return;
  const rows = [...body().rows];
  // of a document that is only read every row counts
  show("rows", String(rows.filter((row) => !$("input", body()) || inputs(row).some((input) => input.value)).length));
  for (const head of $$("th[data-total]", grid())) {
    const name = head.dataset.total;
    const sum = rows.reduce((carried, row) => carried + read(row, name), 0n);
    show(name, head.dataset.places === "2" ? decimal.money(sum) : decimal.quantity(sum));
    if (grid().dataset.amount === name) {
      const words = $("[data-in-words]");
      if (words) words.textContent = decimal.inWords(sum);
    }
  }
  document.dispatchEvent(new Event("grid:changed"));
}

function compute(row) {
  for (const node of $$("[data-product]", row)) {
    const [left, right] = node.dataset.product.split(" ");
    const typed = [left, right].some((name) => cell(row, name)?.value);
    const text = typed ? decimal.money(decimal.multiply(read(row, left), read(row, right))) : "";
    if ("value" in node) node.value = text;
    else node.textContent = text;
  }
  total();
}

function renumber() {
  [...body().rows].forEach((row, index) => {
    $(".index", row).textContent = String(index + 1);
    for (const field of $$("[data-name]", row)) field.name = `lines-${index}-${field.dataset.name}`;
    for (const input of inputs(row)) {
      input.setAttribute("aria-label", `第${index + 1}行 ${input.dataset.title}`);
    }
  });
  total();
}

export function addRow(before = null) {
  const row = $("#line-template").content.firstElementChild.cloneNode(true);
  body().insertBefore(row, before);
  renumber();
  return row;
}

function removeRow(row) {
  row.remove();
  renumber();
}

/** Copy what a look-up answered into the row, as the grid declares. */
function fill(row, input, item) {
  const fills = JSON.parse(input.closest("[data-lookup]").dataset.fills ?? "{}");
  if ("units" in item.fill) row.dataset.units = item.fill.units;
  for (const [name, key] of Object.entries(fills)) {
    const node = cell(row, name);
    if (!node || !(key in item.fill)) continue;
    const value = item.fill[key] ?? "";
    if (!("value" in node)) node.textContent = value;
    else if (!node.value || node.readOnly || !node.dataset.typed) node.value = value;
  }
  compute(row);
}

on("lookup:chosen", "#lines tbody [data-lookup]", (event, box) => {
  fill(box.closest("tr"), $("input[role=combobox]", box), event.detail);
});

on("input", CELLS, (_, input) => {
  input.dataset.typed = "1";
  input.closest("td").classList.remove("bad");
  compute(input.closest("tr"));
});

/* 2箱 in a quantity and 617.28/箱 in a price become base units when the cell is left. */
on("change", `${CELLS}.numeric`, (_, input) => {
  const row = input.closest("tr");
  const { value, wrong, said } = inBaseUnits(input.value, JSON.parse(row.dataset.units || "{}"));
  if (wrong) {
    toast(wrong, "error");
    input.closest("td").classList.add("bad");
  } else if (value !== undefined) {
    input.value = value;
    toast(said, "info");
    compute(row);
  }
});

on("click", "[data-add-row]", () => inputs(addRow())[0]?.focus());
on("click", "[data-remove-row]", (_, button) => removeRow(button.closest("tr")));

document.addEventListener("focusin", (event) => {
  for (const row of $$("#lines tr.active")) row.classList.remove("active");
  const row = event.target.closest("#lines tbody tr");
  if (!row) return;
  row.classList.add("active");
  if (event.target.matches("input[data-cell]")) event.target.select();
});

function go(row, index) {
  const next = row && inputs(row)[index];
  if (!next) return;
  next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
}

on("keydown", CELLS, (event, input) => {
  if (event.isComposing || event.keyCode === 229) return;
  const row = input.closest("tr");
  const cells = inputs(row);
  const at = cells.indexOf(input);
  if (event.key === "Enter") {
    event.preventDefault();
    const usual = (cell) => !("aside" in cell.dataset);
    const next = "aside" in input.dataset ? at + 1 : cells.findIndex((cell, place) => place > at && usual(cell));
    if (event.shiftKey) go(at > 0 ? row : row.previousElementSibling, at > 0 ? at - 1 : cells.findLastIndex(usual));
    else if (next > 0 && next < cells.length) go(row, next);
    else go(row.nextElementSibling ?? addRow(), 0);
  } else if (event.key === "ArrowDown" && input.tagName !== "SELECT" && !event.altKey) {
    event.preventDefault();
    go(row.nextElementSibling ?? addRow(), at);
  } else if (event.key === "ArrowUp" && input.tagName !== "SELECT") {
    event.preventDefault();
    go(row.previousElementSibling, at);
  } else if (event.key === "Delete" && event.ctrlKey) {
    event.preventDefault();
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    removeRow(row);
    go(neighbour, at);
  }
});

/** Cells that were pasted as codes are looked up together once the block is in place. */
async function resolve(pending) {
  const byBox = new Map();
  for (const input of pending) {
    const key = input.closest("[data-lookup]").dataset.lookup;
    byBox.set(key, [...(byBox.get(key) ?? []), input]);
  }
  const unknown = [];
  for (const group of byBox.values()) {
    for (let start = 0; start < group.length; start += 100) {
      const part = group.slice(start, start + 100);
      const codes = [...new Set(part.map((input) => input.value.trim()))];
      const { items } = await fetchItems(part[0], codes.map((code) => ["code", code]));
      const found = new Map(items.map((item) => [item.code.toUpperCase(), item]));
      for (const input of part) {
        const item = found.get(input.value.trim().toUpperCase());
        if (item) choose(input, item);
        else unknown.push(input.value.trim());
      }
    }
  }
  if (unknown.length) toast(`未找到 ${unknown.length} 个编码：${unknown.slice(0, 5).join("、")}`, "error");
}

function pasteBlock(input, text) {
  const first = inputs(input.closest("tr")).indexOf(input);
  const pending = [];
  let row = input.closest("tr");
  let count = 0;
  for (const line of text.replace(/\r/g, "").replace(/\n+$/, "").split("\n")) {
    row ??= addRow();
    const cells = inputs(row);
    line.split("\t").forEach((value, offset) => {
      const target = cells[first + offset];
      if (!target) return;
      target.value = value.trim();
      target.dataset.typed = "1";
      const box = target.closest("[data-lookup]");
      if (box && value.trim()) {
        $("input[type=hidden]", box).value = "";
        pending.push(target);
      }
    });
    compute(row);
    row = row.nextElementSibling;
    count += 1;
  }
  toast(`已粘贴 ${count} 行`);
  return resolve(pending);
}

on("paste", CELLS, (event, input) => {
  const text = event.clipboardData?.getData("text") ?? "";
  if (!/[\t\n]/.test(text.trim())) return;
  event.preventDefault();
  pasteBlock(input, text);
});

on("click", "[data-paste]", async () => {
  const empty = [...body().rows].find((row) => inputs(row).every((input) => !input.value));
  const target = inputs(empty ?? addRow())[0];
  target.focus();
  try {
    const text = await navigator.clipboard.readText();
    if (text.trim()) await pasteBlock(target, text);
    else toast("剪贴板是空的，请先在 Excel 中复制", "info");
  } catch {
    toast("请在单元格中按 Ctrl+V 粘贴", "info");
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    const save = $("[data-save]");
    if (save) {
      event.preventDefault();
      save.click();
    }
  }
});

/* Enter works as Tab in the header fields too; a textarea keeps its own Enter. */
on("keydown", ".fields input, .fields select", (event, field) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229 || !field.form) return;
  if (field.closest("dialog")) return;
  event.preventDefault();
  const order = $$(".fields input:not([type=hidden]), .fields select, .fields textarea, #scan", field.form).filter(
    (node) => !node.readOnly && !node.disabled && node.offsetParent,
  );
  order[order.indexOf(field) + 1]?.focus();
});

let dirty = false;
document.addEventListener("input", (event) => {
  if (event.target.closest("[data-guard]")) dirty = true;
});
document.addEventListener("submit", () => (dirty = false), true);
document.addEventListener("htmx:before:request", (event) => {
  if (event.target.matches?.("[data-guard]")) dirty = false;
});
addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});

always(() => {
  if (!grid()) return;
  total();
  const bad = $("#lines td.bad [data-cell], .fields .input.bad");
  if (bad && !bad.dataset.seen) {
    bad.dataset.seen = "1";
    bad.focus();
  }
});

export { body, cell, compute, fill };
