// Three sounds that are told apart without looking: 1 ok, 2 duplicate, 3 stop.
import { $ } from "./dom.js";

export const OK = 1;
export const DUPLICATE = 2;
export const STOP = 3;

// [frequency Hz, start s, length s, wave]
const TONES = {
  [OK]: [[1320, 0, 0.09, "sine"]],
  [DUPLICATE]: [
    [880, 0, 0.07, "sine"],
    [880, 0.13, 0.07, "sine"],
  ],
  [STOP]: [
    [220, 0, 0.28, "square"],
    [175, 0.3, 0.3, "square"],
  ],
};
const SHAKES = { [OK]: 30, [DUPLICATE]: [40, 60, 40], [STOP]: 400 };

let audio = null;

export function play(sound) {
  document.body.dataset.sound = sound;
  navigator.vibrate?.(SHAKES[sound]);
  try {
    audio ??= new AudioContext();
    audio.resume();
    for (const [frequency, start, length, wave] of TONES[sound]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      const at = audio.currentTime + start;
      tone.type = wave;
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.25, at);
      volume.gain.exponentialRampToValueAtTime(0.001, at + length);
      tone.connect(volume).connect(audio.destination);
      tone.start(at);
      tone.stop(at + length);
    }
  } catch {
    /* a device without sound still shows the answer and its colour */
  }
}

const TONE_OF = { [OK]: "ok", [DUPLICATE]: "again", [STOP]: "halt" };

/** Say what came of a scan: sound, colour, words. */
export function tell(sound, title, words = []) {
  const box = $("#hand-answer");
  box.hidden = false;
  box.className = `hand-answer ${TONE_OF[sound]}`;
  const head = document.createElement("b");
  head.textContent = title;
  const lines = words.filter(Boolean).map((text) => {
    const line = document.createElement("span");
    line.textContent = text;
    return line;
  });
  box.replaceChildren(head, ...lines);
  play(sound);
}
