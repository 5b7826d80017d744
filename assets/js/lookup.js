// Choosing a thing of a register by code, pinyin or name: a text box with a list under it.
//
// <span class="lookup" data-lookup="/lookup/logistics.item" data-depends="warehouse">
//   <input type="hidden" name="item"><input class="input" role="combobox">
// </span>
import { $, $$, element, on, place } from "./dom.js";

let list = null;
let items = [];
let asked = "";
let active = -1;
let owner = null;
let waiting = 0;
let sequence = 0;

const box = (input) => input.closest("[data-lookup]");

/** What was typed here was no search after all: nothing opens for it any more. */
export function forget(input) {
  clearTimeout(waiting);
  sequence += 1;
  if (owner === input) close();
}
const hidden = (input) => $("input[type=hidden]", box(input));

/** Values of the cells and fields a look-up depends on: the same row first, then the header. */
export function context(input) {
  const params = new URLSearchParams();
  const form = input.form;
  for (const name of (box(input).dataset.depends ?? "").split(" ").filter(Boolean)) {
    const row = input.closest("tr");
    const field = (row && $(`[data-field="${name}"]`, row)) || form?.elements.namedItem(name);
    if (field) params.set(name, field.value ?? "");
  }
  return params;
}

export async function fetchItems(input, extra) {
  const params = context(input);
  for (const [name, value] of extra) params.append(name, value);
  const url = box(input).dataset.lookup;
  const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}${params}`, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : { items: [], hit: null };
}

function close() {
  list?.remove();
  owner?.setAttribute("aria-expanded", "false");
  owner?.removeAttribute("aria-activedescendant");
  list = null;
  owner = null;
  active = -1;
}

function mark(index) {
  active = index;
  $$("[role=option]", list).forEach((option, at) => {
    option.classList.toggle("on", at === index);
    option.setAttribute("aria-selected", String(at === index));
    if (at === index) {
      option.scrollIntoView({ block: "nearest" });
      owner.setAttribute("aria-activedescendant", option.id);
    }
  });
}

function open(input, found, text) {
  close();
  owner = input;
  items = found;
  asked = text;
  list = element("ul", { class: "floating options", role: "listbox", id: "lookup-list", "aria-label": "可选项" });
  found.forEach((item, index) => {
    const option = element(
      "li",
      { role: "option", id: `lookup-${index}` },
      element("span", {}, item.code),
      element("b", {}, item.name),
      item.hint ? element("small", {}, item.hint) : null,
    );
    option.addEventListener("mousedown", (event) => {
      event.preventDefault();
      choose(input, item);
    });
    list.append(option);
  });
  if (!found.length) list.append(element("li", { class: "none" }, "没有匹配项，可换编码、拼音码或名称再试"));
  // Inside a modal dialog only its own children are above the backdrop.
  (input.closest("dialog") ?? document.body).append(list);
  input.setAttribute("aria-expanded", "true");
  input.setAttribute("aria-controls", "lookup-list");
  place(list, input);
  if (found.length) mark(0);
}

/** Put a chosen thing into its box and tell the grid, which copies its values into the row. */
export function choose(input, item) {
  hidden(input).value = item.id;
  input.value = box(input).dataset.shows === "code" ? item.code : item.label;
  input.dataset.chosen = input.value;
  if (owner === input) close();
  input.dispatchEvent(new CustomEvent("lookup:chosen", { bubbles: true, detail: item }));
  hidden(input).dispatchEvent(new Event("change", { bubbles: true }));
}

async function search(input) {
  const mine = (sequence += 1);
  const text = input.value.trim();
  const { items: found } = await fetchItems(input, [["q", text]]);
  if (mine === sequence && document.activeElement === input) open(input, found, text);
}

/** Whether the open list answers what stands in the box now; after quick typing it still answers what stood there. */
const current = (input) => list && owner === input && asked === input.value.trim();

function typed(input) {
  if (input.value !== input.dataset.chosen) hidden(input).value = "";
  clearTimeout(waiting);
  waiting = setTimeout(() => search(input), 160);
}

on("input", "[data-lookup] input[role=combobox]", (event, input) => {
  if (!event.isComposing) typed(input);
});
on("compositionend", "[data-lookup] input[role=combobox]", (_, input) => typed(input));
on("click", "[data-lookup] input[role=combobox]", (_, input) => {
  if (!list && !input.readOnly) search(input);
});

on(
  "keydown",
  "[data-lookup] input[role=combobox]",
  (event, input) => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "ArrowDown" && (event.altKey || !input.closest(".grid")) && !list) {
      event.preventDefault();
      search(input);
    } else if (list && owner === input) {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        event.stopImmediatePropagation();
        mark((active + (event.key === "ArrowDown" ? 1 : -1) + items.length) % Math.max(items.length, 1));
      } else if (event.key === "Escape") {
        event.preventDefault();
        event.stopImmediatePropagation();
        close();
      } else if ((event.key === "Enter" || event.key === "Tab") && current(input) && items[active] && !hidden(input).value) {
        if (event.key === "Enter") event.preventDefault();
        if (event.key === "Enter" && !input.closest(".grid")) event.stopImmediatePropagation();
        choose(input, items[active]);
      } else if (event.key === "Enter" || event.key === "Tab") close();
    }
  },
  true,
);

// Leaving the box: an exact code, or a text that only one thing answers to, is resolved; anything else stays as typed
// and the server names it.
on("focusout", "[data-lookup] input[role=combobox]", async (_, input) => {
  clearTimeout(waiting);
  if (owner === input) setTimeout(close, 120);
  const text = input.value.trim();
  if (!text) {
    hidden(input).value = "";
    return;
  }
  if (hidden(input).value) return;
  const { hit, items: found } = await fetchItems(input, [["q", text]]);
  const item = hit ?? (found.length === 1 ? found[0] : null);
  if (item && input.value.trim() === text && !hidden(input).value) choose(input, item);
});

addEventListener("scroll", (event) => list && event.target !== list && close(), true);
