// Reporting a fault: the proposed level ticks itself until a person chose one, parts of the form follow the channel,
// Ctrl+Enter sends it.
import { $, $$, always, on, store } from "./dom.js";

on("change", "[data-level-form] [name=level]", (event, field) => {
  if (event.isTrusted) field.form.dataset.levelChosen = "1";
});

function follow(select) {
  for (const part of $$(`[data-when="${select.dataset.shows}"]`, select.form)) {
    part.hidden = !part.dataset.is.split(" ").includes(select.value);
  }
}

on("change", "[data-shows]", (_, select) => follow(select));

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("[data-submit-keys]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});

always(() => {
  for (const select of $$("[data-shows]")) follow(select);
  for (const proposal of $$("[data-proposed-level]")) {
    const form = proposal.closest("[data-level-form]");
    if (!form || form.dataset.levelChosen || proposal.dataset.taken) continue;
    proposal.dataset.taken = "1";
    const level = proposal.dataset.proposedLevel;
    const option = $(`[name=level][value="${CSS.escape(level)}"]`, form);
    if (option) option.checked = true;
    const select = $("select[name=level]", form);
    if (select) select.value = level;
  }
  for (const dialog of $$("dialog[data-open]")) {
    delete dialog.dataset.open;
    dialog.showModal();
    $("[autofocus]", dialog)?.focus();
  }
});

// A call put away stays away in this window until its state changes; it remains in the list of calls.
const AWAY = "calls-put-away";
const away = () => new Set(store.get(AWAY, []));

on("click", "[data-put-away]", (event, button) => {
  const card = button.closest("[data-call]");
  store.set(AWAY, [...away().add(card.dataset.call)].slice(-50));
  card.remove();
});

always(() => {
  const hidden = away();
  for (const card of $$(".call-popup [data-call]")) if (hidden.has(card.dataset.call)) card.remove();
});
