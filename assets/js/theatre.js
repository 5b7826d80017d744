// The theatre's scan box: a wristband loads the patient, every answer has its sound, the box is ready for the next piece.
import { $, $$, always, on } from "./dom.js";

// 1 ok, 2 duplicate, 3 stop: pitch and length of each beep
const SOUNDS = {
  ok: [[1320, 0.09]],
  duplicate: [[660, 0.16], [660, 0.16]],
  stop: [[220, 0.3], [220, 0.3], [220, 0.5]],
};
let audio = null;

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

on("keydown", "[data-visit]", (event, box) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  const visit = box.value.trim();
  if (visit) location.assign(`${box.dataset.visit}?visit=${encodeURIComponent(visit)}`);
});

on("click", "[data-plain]", (event, button) => {
  event.preventDefault();
  event.stopPropagation();
  const form = button.form;
  form.action = button.getAttribute("formaction");
  HTMLFormElement.prototype.submit.call(form);
});

always(() => {
  for (const answer of $$("[data-sound]")) {
    if (answer.dataset.played) continue;
    answer.dataset.played = "1";
    play(answer.dataset.sound);
    const box = $("#theatre-code");
    if (box) {
      box.value = "";
      box.focus();
    }
  }
});
