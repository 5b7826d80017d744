// Small tables filled row by row: [data-rows] with [data-row-add] and [data-row-drop]. Rows are posted in their order.
import { $, $$, on } from "./dom.js";

function number(table) {
  $$("tbody tr", table).forEach((row, index) => ($(".index", row).textContent = index + 1));
}

on("click", "[data-row-add]", (_, button) => {
  const table = $("table", button.closest("[data-rows]"));
  const fresh = $("tbody tr:last-child", table).cloneNode(true);
  for (const field of $$("input", fresh)) field.value = "";
  $("tbody", table).append(fresh);
  number(table);
  $("input", fresh).focus();
});

on("click", "[data-row-drop]", (_, button) => {
  const row = button.closest("tr");
  const table = row.closest("table");
  if ($$("tbody tr", table).length > 1) row.remove();
  else for (const field of $$("input", row)) field.value = "";
  number(table);
});
