// Modal dialogs: opened by data-dialog="#id"; questions asked by data-confirm="..." before a button or link acts.
import { $, element, on } from "./dom.js";

on("click", "[data-dialog]", (event, opener) => {
  const dialog = $(opener.dataset.dialog);
  if (!dialog) return;
  event.preventDefault();
  for (const [name, value] of Object.entries(JSON.parse(opener.dataset.fill ?? "{}"))) {
    const field = $(`[name="${name}"]`, dialog);
    if (field) field.value = value;
    const text = $(`[data-text="${name}"]`, dialog);
    if (text) text.textContent = value;
  }
  dialog.showModal();
  $("[autofocus], input:not([type=hidden]), textarea, select", dialog)?.focus();
});

on("click", "dialog .close", (_, button) => button.closest("dialog").close());

document.addEventListener("click", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.close();
});

/** Ask a question; resolves true when the person agrees. */
export function ask(question, { agree = "确定", danger = false } = {}) {
  return new Promise((resolve) => {
    const yes = element("button", { class: `button ${danger ? "error" : "primary"}`, type: "button" }, agree);
    const no = element("button", { class: "button", type: "button" }, "取消");
    const dialog = element(
      "dialog",
      { class: "dialog", "aria-label": "确认" },
      element("div", { class: "body" }, element("p", {}, question)),
      element("footer", {}, no, yes),
    );
    const answer = (value) => () => (dialog.close(), resolve(value));
    yes.addEventListener("click", answer(true));
    no.addEventListener("click", answer(false));
    dialog.addEventListener("close", () => (resolve(false), dialog.remove()));
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

on(
  "click",
  "[data-confirm]",
  async (event, button) => {
    if (button.dataset.agreed) {
      delete button.dataset.agreed;
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    const danger = button.classList.contains("error") || "danger" in button.dataset;
    if (await ask(button.dataset.confirm, { danger, agree: button.dataset.agree || "确定" })) {
      button.dataset.agreed = "1";
      button.click();
    }
  },
  true,
);
