// The frame around every page: folding menu, phone drawer, global search, pop-up menus, keyboard.
import { $, $$, on } from "./dom.js";

const shell = () => $("#shell");

on("click", "[data-fold]", () => {
  shell().classList.toggle("folded");
  try {
    localStorage.setItem("hrp.folded", shell().classList.contains("folded") ? "1" : "");
  } catch {
    /* private windows refuse storage */
  }
});

try {
  if (localStorage.getItem("hrp.folded")) shell()?.classList.add("folded");
} catch {
  /* private windows refuse storage */
}

/* Groups of the menu stay as their user left them; the one of this page is always open. */
const GROUPS = "hrp.menu";

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(GROUPS)) ?? {};
  } catch {
    return {};
  }
}

for (const group of $$(".side [data-group]")) {
  const chosen = remembered()[group.dataset.group];
  if (chosen !== undefined && !$("a.on", group)) group.open = chosen;
  $("summary", group).addEventListener("click", () => {
    try {
      localStorage.setItem(GROUPS, JSON.stringify({ ...remembered(), [group.dataset.group]: !group.open }));
    } catch {
      /* private windows refuse storage */
    }
  });
}
$(".side a.on")?.scrollIntoView({ block: "nearest" });

on("click", "[data-drawer]", (event) => {
  event.stopPropagation();
  shell().classList.toggle("open");
});

document.addEventListener("click", (event) => {
  if (shell()?.classList.contains("open") && !event.target.closest(".side, .rail, [data-drawer]")) {
    shell().classList.remove("open");
  }
  for (const menu of $$("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

/* Global search: the list under the box is walked with the arrow keys. */
const results = () => $("#search-results");

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    $("#global-search")?.select();
    $("#global-search")?.focus();
  }
  if (event.key === "Escape") {
    for (const menu of $$("details.menu[open]")) {
      menu.open = false;
      $("summary", menu).focus();
    }
    results()?.replaceChildren();
    results()?.setAttribute("hidden", "");
    shell()?.classList.remove("open");
  }
  if (!event.target.closest?.(".global-search")) return;
  const links = $$("a", results() ?? document.createElement("div"));
  const at = links.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && links.length) {
    event.preventDefault();
    links[Math.min(at + 1, links.length - 1)].focus();
  } else if (event.key === "ArrowUp" && links.length) {
    event.preventDefault();
    (at > 0 ? links[at - 1] : $("#global-search")).focus();
  } else if (event.key === "Enter" && event.target.id === "global-search" && !event.isComposing && links.length) {
    event.preventDefault();
    links[0].click();
  }
});

document.addEventListener("htmx:after:swap", (event) => {
  const target = event.detail?.ctx?.target ?? event.target;
  if (target?.id === "search-results") target.toggleAttribute("hidden", !target.children.length);
});

document.addEventListener("focusin", (event) => {
  if (results() && !event.target.closest(".global-search")) results().setAttribute("hidden", "");
});

on("click", "[data-print]", () => print());
on("click", "[data-reload]", () => location.reload());
on("click", "[data-back]", (event) => {
  if (history.length > 1) {
    event.preventDefault();
    history.back();
  }
});
on("change", "[data-submit]", (_, field) => field.form.requestSubmit());
