// What the server says about rows while they are typed: prices for empty cells, what is there and what will be taken.
//
// The whole form is sent, for one line may leave less for another. An answer to a form that has changed since is dropped.
import { $, $$, always, element } from "./dom.js";
import { body, cell, compute } from "./grid.js";

const WAIT_MS = 220;
let waiting = 0;
let asked = "";

const table = () => $("#lines[data-advise]");

function stands() {
  const given = new URLSearchParams(new FormData($("#document")));
  given.delete("csrfmiddlewaretoken");
  return given.toString();
}

function put(row, fill) {
  for (const [name, value] of Object.entries(fill)) {
    const node = cell(row, name);
    if (!node || !("value" in node) || node.dataset.typed) continue;
    if (node.value && node.value !== node.dataset.advised) continue;
    node.value = value;
    node.dataset.advised = value;
  }
}

function tell(row, { fill = {}, shown = {}, why = {}, wrong = {} }) {
  put(row, fill);
  for (const node of $$("[data-typing]", row)) node.textContent = shown[node.dataset.field] ?? "";
  for (const [name, text] of Object.entries(shown)) {
    const node = cell(row, name);
    if (node && !("value" in node)) node.textContent = text;
  }
  for (const td of $$("td.told", row)) {
    td.classList.remove("told", "lack");
    td.removeAttribute("title");
  }
  const inHand = row.contains(document.activeElement);
  for (const [name, words] of [...Object.entries(why), ...Object.entries(wrong)]) {
    const td = cell(row, name)?.closest("td");
    if (!td || td.classList.contains("bad")) continue;
    td.title = words;
    td.classList.add("told");
    // a cell that is merely still empty is not pointed at before the row is left
    td.classList.toggle("lack", name in wrong && !(inHand && !cell(row, name).value && "value" in cell(row, name)));
  }
  const titles = (words) => Object.entries(words).map(([name, text]) => [heading(row, name), text]);
  row.said = [...titles(wrong).map((one) => [...one, "lack"]), ...titles(why)];
  if (inHand) say(row);
  compute(row);
}

function heading(row, name) {
  const td = cell(row, name)?.closest("td");
  return td ? $("thead tr", table()).cells[td.cellIndex].textContent.trim() : "";
}

/** The reasons of the row the cursor is in, in words, where a tip needs no pointing at. */
function say(row) {
  const line = $("#lines-told");
  if (!line) return;
  const parts = (row?.said ?? []).map(([title, text, tone]) => element("span", { class: tone ?? "" }, `${title}：${text.replaceAll("\n", "；")}`));
  line.replaceChildren(...parts);
}

async function ask() {
  const form = table() && stands();
  if (!form || form === asked) return;
  asked = form;
  const answer = await fetch(table().dataset.advise, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData($("#document"))),
  }).catch(() => null);
  if (!answer?.ok || asked !== form || stands() !== form) return;
  const { rows } = await answer.json();
  if (stands() !== form) return;
  [...body().rows].forEach((row, index) => tell(row, rows[index] ?? {}));
}

function soon() {
  if (!table()) return;
  clearTimeout(waiting);
  waiting = setTimeout(ask, WAIT_MS);
}

document.addEventListener("grid:changed", soon);
document.addEventListener("change", (event) => event.target.closest?.("#document") && soon());
document.addEventListener("focusout", (event) => {
  const row = event.target.closest?.("#lines tbody tr");
  if (!row || !table() || row.contains(event.relatedTarget)) return;
  asked = ""; // the row is left: now its empty cells may be pointed at
  soon();
});
document.addEventListener("focusin", (event) => {
  if (table()) say(event.target.closest?.("#lines tbody tr"));
});
always(soon);
