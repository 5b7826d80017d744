// The scan box: scanners type fast and end with Enter, so scans wait in a queue and never race each other.
import * as decimal from "./decimal.js";
import { $, on } from "./dom.js";
import { addRow, body, cell, compute } from "./grid.js";
import { choose, fetchItems } from "./lookup.js";
import { toast } from "./toast.js";

let queue = Promise.resolve();

function rowOf(box, item) {
  const name = box.dataset.field;
  return [...body().rows].find((row) => $(`input[type=hidden][data-name="${name}"]`, row)?.value === String(item.id));
}

function emptyRow(box) {
  return [...body().rows].find((row) => {
    const input = $(`[data-lookup] [data-cell="${box.dataset.field}"]`, row);
    return input && !input.value;
  });
}

async function take(box, code) {
  const { hit, items } = await fetchItems(box, [["q", code]]);
  const item = hit ?? (items.length === 1 ? items[0] : null);
  if (!item) {
    toast(items.length ? `“${code}”匹配 ${items.length} 项，请输入完整编码` : `未找到编码 ${code}`, "error");
    return;
  }
  const quantity = box.dataset.quantity;
  const same = box.dataset.merge === "1" && rowOf(box, item);
  if (same && quantity) {
    const node = cell(same, quantity);
    node.value = decimal.quantity((decimal.parse(node.value) ?? 0n) + 10000n);
    compute(same);
    same.scrollIntoView({ block: "nearest" });
    return;
  }
  const row = emptyRow(box) ?? addRow();
  choose($(`[data-cell="${box.dataset.field}"]`, row), item);
  const node = quantity && cell(row, quantity);
  if (node && !node.value) node.value = "1";
  compute(row);
  row.scrollIntoView({ block: "nearest" });
}

on("keydown", "#scan", (event, box) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  const code = box.value.trim();
  box.value = "";
  if (code) queue = queue.then(() => take(box, code));
});

document.addEventListener("keydown", (event) => {
  if (event.key === "F2" && $("#scan")) {
    event.preventDefault();
    $("#scan").focus();
  }
});
