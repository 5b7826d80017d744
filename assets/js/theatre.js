// Scanning pieces: a wristband loads the patient, every answer has its sound, and the box is free for the next scan at once.
// Scans wait in a queue of their own, so that a fast scanner neither loses one nor mixes two.
import { $, csrf, on } from "./dom.js";
import { toast } from "./toast.js";

// 1 ok, 2 duplicate, 3 stop: pitch in hertz and length in seconds of each beep
const SOUNDS = {
  ok: [[1320, 0.09]],
  duplicate: [[660, 0.16], [660, 0.16]],
  stop: [[220, 0.3], [220, 0.3], [220, 0.5]],
};
let audio = null;
let queue = Promise.resolve();

function play(name) {
  const beeps = SOUNDS[name];
  if (!beeps || !window.AudioContext) return;
  audio ??= new AudioContext();
  let at = audio.currentTime + 0.02;
  for (const [pitch, length] of beeps) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    tone.type = name === "stop" ? "square" : "sine";
    volume.gain.value = 0.15;
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
    at += length + 0.06;
  }
}

// randomUUID needs https; many a hospital network has none
function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function queued(form, address, changes) {
  const body = new FormData(form);
  for (const [name, value] of Object.entries(changes)) body.set(name, value);
  body.set("client_key", key());
  queue = queue.then(() => send(form, address, body));
}

async function send(form, address, body) {
  try {
    const answer = await fetch(address, {
      method: "POST",
      body,
      headers: { "HX-Request": "true", "X-CSRFToken": csrf() },
    });
    const text = await answer.text();
    if (!answer.ok || answer.redirected) throw new Error(`HTTP ${answer.status}`);
    $(`#${form.dataset.scans}`).outerHTML = text;
    play($(`#${form.dataset.scans} [data-sound]`)?.dataset.sound);
  } catch (error) {
    play("stop");
    toast(`没有登记 ${body.get("code") || ""}：${error.message}，请检查网络后重扫`, "error");
  }
  $("#theatre-code")?.focus();
}

on("keydown", "#theatre-code", (event, box) => {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  const code = box.value.trim();
  box.value = "";
  if (code) queued(box.form, box.form.action, { code });
});

on("submit", "form[data-scans]", (event, form) => {
  const button = event.submitter;
  if (button?.dataset.plain !== undefined) return;
  event.preventDefault();
  const box = $("#theatre-code", form);
  const code = box.value.trim();
  box.value = "";
  if (button?.dataset.send !== undefined) {
    queued(form, button.formAction, button.name ? { code, [button.name]: button.value } : { code });
  } else if (code) {
    queued(form, form.action, { code });
  }
});

on("keydown", "[data-visit]", (event, box) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const visit = box.value.trim();
  if (visit) location.assign(`${box.dataset.visit}?visit=${encodeURIComponent(visit)}`);
});
