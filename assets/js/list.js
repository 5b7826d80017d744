// List pages: ticking rows, bulk acts, folding the query card, jumping to a page.
import { $, $$, on } from "./dom.js";

function ticked(card) {
  return $$("[data-row]", card).filter((box) => box.checked);
}

function refresh(card) {
  const boxes = $$("[data-row]", card);
  const chosen = ticked(card);
  for (const box of boxes) box.closest("tr").classList.toggle("selected", box.checked);
  const all = $("[data-all-rows]", card);
  if (all) {
    all.checked = boxes.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  for (const button of $$("[data-bulk]", card)) button.disabled = !chosen.length;
  const note = $("[data-chosen]", card);
  if (note) note.textContent = chosen.length ? `已选 ${chosen.length} 项` : "";
}

on("change", "[data-all-rows]", (_, box) => {
  const card = box.closest(".card");
  for (const row of $$("[data-row]", card)) row.checked = box.checked;
  refresh(card);
});
on("change", "[data-row]", (_, box) => refresh(box.closest(".card")));

on("click", "[data-fold-query]", (_, button) => {
  const query = button.closest(".query");
  query.classList.toggle("folded");
  button.setAttribute("aria-expanded", String(!query.classList.contains("folded")));
  $("span", button).textContent = query.classList.contains("folded") ? "展开" : "收起";
});

on("change", "[data-jump]", (_, field) => {
  const url = new URL(field.dataset.jump, location.href);
  url.searchParams.set(field.name, field.value);
  if (field.name === "size") url.searchParams.delete("page");
  window.htmx.ajax("GET", url.pathname + url.search, { target: "#list", swap: "outerHTML" });
  history.replaceState(history.state, "", url);
});

// A click anywhere on a row that is not a control opens it, as people expect of a list.
on("dblclick", "tr[data-href]", (event, row) => {
  if (!event.target.closest("a, button, input, label")) location.href = row.dataset.href;
});
