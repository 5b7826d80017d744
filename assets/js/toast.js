// Short messages at the top of the page: from the server (HX-Trigger, django.contrib.messages) and from scripts.
import { $, $$, always, element, icon } from "./dom.js";

const ICONS = { ok: () => icon("circle-check"), error: () => icon("alert-circle"), info: () => icon("info-circle") };

export function toast(message, tone = "ok", sticky = false) {
  const host = $("#toast");
  if (!host || !message) return;
  const node = element("div", { class: tone }, ICONS[tone]?.() ?? ICONS.info(), element("span", {}, message));
  host.append(node);
  if (sticky) {
    node.append(element("button", { class: "icon-button", type: "button", "aria-label": "关闭", onclick: () => node.remove() }, icon("x", "small")));
    return;
  }
  setTimeout(() => node.remove(), tone === "error" ? 6000 : 3200);
}

document.addEventListener("toast", (event) => toast(event.detail?.message, event.detail?.tone));

document.addEventListener("htmx:error", () => toast("网络不通，请检查网络后重试", "error"));

// A swap target must never receive a whole error page: 5xx answers are not swapped, they are told.
document.addEventListener("htmx:after:request", (event) => {
  const status = event.detail?.ctx?.response?.raw?.status ?? event.detail?.ctx?.response?.status ?? 0;
  if (status >= 500) toast("系统出错，本次操作没有生效，请稍后重试或联系信息中心", "error");
});

always(() => {
  for (const message of $$("template[data-toast]")) {
    toast(message.dataset.toast, message.dataset.tone, "sticky" in message.dataset);
    message.remove();
  }
});
