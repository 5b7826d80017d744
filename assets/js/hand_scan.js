// One scan box: scanners type fast and end with Enter, so scans wait in a queue and never race each other.
import { $, csrf, on } from "./dom.js";
import { STOP, play, tell } from "./hand_sounds.js";
import { typeSeparator, typesSeparator } from "./separator.js";

let queue = Promise.resolve();
let open = 0; // the issue whose badge is awaited

export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only where the page is secure
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

export async function send(url, body) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() },
    body: JSON.stringify(body),
  });
  return response.json();
}

async function take(form, given) {
  const started = performance.now();
  let said;
  try {
    said = await send(form.dataset.scan, { uuid: uuid(), open, ...given });
  } catch {
    tell(STOP, "网络不通，没有记下", ["请在有信号处重扫"]);
    return;
  }
  document.body.dataset.answeredIn = Math.round(performance.now() - started);
  tell(said.sound ?? STOP, said.title ?? said.reason ?? "出错了", said.words ?? [said.way_out]);
  if (said.html !== undefined && $("#hand-rows")) {
    $("#hand-rows").innerHTML = said.html; // our own template, escaped by the server
  }
  if (said.open !== undefined) open = said.open;
  if (said.fill) {
    const input = $(`[name="${CSS.escape(said.fill.name)}"]`);
    input.value = said.fill.value;
    input.closest("li").classList.add("full");
    input.closest("li").scrollIntoView({ block: "nearest" });
  }
}

on("submit", "[data-scan]", (event, form) => {
  event.preventDefault();
  const code = form.elements.code.value.trim();
  const quantity = form.elements.quantity?.value.trim();
  const act = $("[data-hand-act]:checked")?.value;
  form.reset();
  form.elements.code.focus();
  if (code) queue = queue.then(() => take(form, { code, quantity, act }));
});

on("keydown", "#hand-code", (event, box) => typesSeparator(event) && typeSeparator(event, box));

on("click", "[data-code]", (event, button) => {
  const form = $("[data-scan]");
  queue = queue.then(() => take(form, { code: button.dataset.code }));
});

on("click", "[data-act]", (event, button) => {
  const form = $("[data-scan]");
  queue = queue.then(() => take(form, { act: button.dataset.act }));
});

on("click", "[data-play]", (event, button) => play(Number(button.dataset.play)));

// a scanner types wherever the cursor is: it belongs in the box whenever nothing else is being typed
document.addEventListener("keydown", (event) => {
  const box = $("#hand-code");
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (box && !typing && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) box.focus();
});
