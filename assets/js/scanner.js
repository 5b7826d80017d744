// 扫码枪自检: every character that arrived, and what the server's parser reads in it.
import { $, csrf, element, on } from "./dom.js";
import { typeSeparator, typesSeparator } from "./separator.js";

function characters(raw) {
  const row = element("div", { class: "scanner-characters" });
  for (const character of raw) {
    const code = character.codePointAt(0);
    const hidden = code < 0x20 || code === 0x7f;
    const shown = code === 0x1d ? "GS" : hidden ? "□" : character;
    row.append(element("span", { class: hidden ? "hidden" : "", title: `0x${code.toString(16).toUpperCase().padStart(2, "0")}` }, shown));
  }
  return row;
}

function show(raw, read) {
  const host = $("[data-result]");
  const facts = element("dl", { class: "facts" });
  for (const [title, value] of read.rows) facts.append(element("div", {}, element("dt", {}, title), element("dd", {}, value)));
  host.replaceChildren(
    element("p", { class: read.good ? "verdict good" : "verdict bad" }, read.verdict),
    characters(raw),
    facts,
    ...read.errors.map((words) => element("p", { class: "error" }, words)),
    ...read.warnings.map((words) => element("p", { class: "error" }, words)),
  );
}

on("keydown", "#scanner", async (event, box) => {
  if (typesSeparator(event)) return typeSeparator(event, box);
  if (event.key !== "Enter") return;
  event.preventDefault();
  const raw = box.value;
  box.value = "";
  if (!raw) return;
  const answer = await fetch(box.closest("[data-scanner]").dataset.read, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": csrf() },
    body: new URLSearchParams({ raw }),
  });
  if (answer.ok) show(raw, await answer.json());
});
