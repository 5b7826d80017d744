// Counting with or without a network. Entries go into the browser's own database first and to the server when it can be
// reached; each carries its own uuid, so that one sent twice counts once. What the server cannot take is listed.
import { $, element, on } from "./dom.js";
import { matches, read } from "./hand_codes.js";
import { send, uuid } from "./hand_scan.js";
import { DUPLICATE, OK, STOP, tell } from "./hand_sounds.js";
import { all, get, put, remove } from "./hand_store.js";

const EVERY = 15_000;
const QUANTITY = /^\+?\d{1,7}(\.\d{1,4})?$/; // anything longer is a bar code, scanned while the cursor stood in the quantity
const root = $("[data-count]");
let lines = [];
let current = null; // what is being counted: a line, or {item, lot, found: true}
let busy = false;
let pieces = 1; // scanned one by one since the line was opened
let counted = new Map(); // what this counter said of a line, arrived or not

const key = () => `${root.dataset.user}:${root.dataset.count}`;
const mine = async () => (await all("entries")).filter((entry) => entry.owner === key());
const shown = (line) => [line.name, line.spec].filter(Boolean).join(" ");

async function load() {
  try {
    const response = await fetch(root.dataset.sheet, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.statusText);
    const sheet = await response.json();
    await put("sheets", { key: key(), lines: sheet.lines });
    lines = sheet.lines;
  } catch {
    lines = (await get("sheets", key()))?.lines ?? lines;
  }
  await draw();
}

// -- drawing -------------------------------------------------------------------------------------------------------

async function draw() {
  const entries = await mine();
  const waiting = entries.filter((entry) => !entry.words);
  const typed = new Map(waiting.map((entry) => [entry.line, entry.quantity]));
  const done = (line) => typed.get(line.id) ?? line.own;
  counted = new Map(lines.map((line) => [line.id, done(line)]));
  // what is still to do stands first: disputed lines, then those nobody counted here
  const rank = (line) => (line.recount ? 0 : done(line) == null ? 1 : 2);
  $("#count-lines").replaceChildren(
    ...[...lines].sort((a, b) => rank(a) - rank(b)).map((line) => row(line, done(line), typed.has(line.id))),
  );
  $("#count-progress").textContent = `已盘 ${lines.filter((line) => done(line) != null).length} / ${lines.length}`;
  const network = $("#count-network");
  network.textContent = navigator.onLine ? "在线" : "离线";
  network.className = `tag plain ${navigator.onLine ? "done" : "wait"}`;
  $("#count-queue").textContent = waiting.length ? `${waiting.length} 条待同步` : "已全部同步";
  conflicts(entries.filter((entry) => entry.words));
}

function row(line, quantity, queued) {
  const about = [line.code, `批号 ${line.lot || "—"}`, line.expiry].filter(Boolean).join(" · ");
  const tag = line.recount ? element("span", { class: "tag back plain" }, "复盘") : null;
  return element(
    "li",
    { class: quantity == null || line.recount ? "" : "full", "data-line": line.id },
    element("div", {}, element("b", {}, shown(line)), element("small", {}, about)),
    element("div", { class: "amount" }, tag, element("b", {}, quantity ?? "—"), ` ${line.unit}`, queued ? " ·待同步" : ""),
  );
}

function conflicts(entries) {
  $("#count-conflicts").hidden = !entries.length;
  $("#count-conflicts ul").replaceChildren(
    ...entries.map((entry) =>
      element(
        "li",
        {},
        element("div", {}, element("b", {}, entry.title), element("small", { class: "error" }, entry.words)),
        element(
          "div",
          { class: "amount" },
          entry.code === "counted_before"
            ? element("button", { class: "button small", type: "button", "data-insist": entry.uuid }, `以本次 ${entry.quantity} 为准`)
            : null,
          element("button", { class: "button small", type: "button", "data-drop": entry.uuid }, "放弃"),
        ),
      ),
    ),
  );
}

// -- entering ------------------------------------------------------------------------------------------------------

function ask(target) {
  current = target;
  pieces = 1;
  $("[data-entry=name]").textContent = shown(target);
  $("[data-entry=about]").textContent = ` ${target.code} · 批号 ${target.lot || "—"}`;
  const before = target.recount ? null : counted.get(target.id);
  $("[data-entry=ask]").textContent = `实盘数量（${target.unit}）${before == null ? "" : `　已盘 ${before}，另一处再有的输入 +数量`}`;
  $("#count-entry").hidden = false;
  $("#count-quantity").value = "";
  $("#count-quantity").focus();
}

function scanned(raw) {
  const code = read(raw);
  const { same, exact } = matches(lines, code);
  if (!same.length) return tell(STOP, "不在盘点表上", [raw, `本次只盘${root.dataset.store}，请核对库房与条码`]);
  if (!exact.length) {
    tell(DUPLICATE, `盘点表上没有批号 ${code.lot}`, ["数量将作为表外批次上报"]);
    return ask({ ...same[0], id: null, lot: code.lot });
  }
  if (exact.length > 1) return tell(STOP, `${shown(exact[0])} 有 ${exact.length} 个批号`, ["请扫带批号的条码，或在下面点选"]);
  const [line] = exact;
  const before = counted.get(line.id);
  const again = before != null && !line.recount;
  tell(again ? DUPLICATE : OK, shown(line), [`批号 ${line.lot || "—"}`, again ? `已盘 ${before}` : ""]);
  return ask(line);
}

/** `+3` is three more than was counted of this line before. */
function summed(written) {
  if (!written.startsWith("+")) return { quantity: written };
  const before = Number(counted.get(current.id) ?? 0);
  return { quantity: String(Number((before + Number(written)).toFixed(4))), replace: true };
}

/** A code where a quantity was due: the same goods again are one more, others wait until this line has its quantity. */
function next(raw) {
  const box = $("#count-quantity");
  const { exact } = matches(lines, read(raw));
  box.value = "";
  if (current.id && exact.length === 1 && exact[0].id === current.id) {
    pieces += 1;
    box.value = String(pieces);
    box.select();
    return tell(OK, shown(current), [`第 ${pieces} 件`]);
  }
  return tell(STOP, "请先输入这一行的数量", [shown(current), `${raw} 请随后再扫`]);
}

async function entered(written) {
  const { quantity, replace } = summed(written);
  const entry = {
    uuid: uuid(), owner: key(), quantity, counted_at: new Date().toISOString(), title: `${shown(current)} ${current.lot}`,
  };
  if (replace) entry.replace = true;
  if (current.id) entry.line = current.id;
  else Object.assign(entry, { item: current.item, lot: current.lot });
  for (const old of await mine()) {
    // what has not left this device may still be corrected here
    if (!old.words && entry.line && old.line === entry.line) await remove("entries", old.uuid);
  }
  await put("entries", entry);
  current = null;
  $("#count-entry").hidden = true;
  $("#hand-code").focus();
  await draw();
  await sync();
}

// -- sending -------------------------------------------------------------------------------------------------------

async function sync() {
  if (busy || !navigator.onLine) return draw();
  const waiting = (await mine()).filter((entry) => !entry.words).slice(0, 200);
  if (!waiting.length) return draw();
  busy = true;
  try {
    const answer = await send(root.dataset.sync, { entries: waiting });
    for (const outcome of answer.outcomes ?? []) {
      const entry = waiting.find((one) => one.uuid === outcome.uuid);
      if (outcome.state === "conflict") {
        await put("entries", { ...entry, words: outcome.words, code: outcome.code });
        tell(STOP, "有录入未被接受", [outcome.words]);
      } else await remove("entries", outcome.uuid);
    }
    if (!answer.outcomes) tell(STOP, answer.reason ?? "同步失败", [answer.way_out]);
  } catch {
    busy = false; // no network after all: the entries stay and are sent later
    return draw();
  }
  busy = false;
  return load();
}

if (root) {
  on("submit", "[data-count-scan]", (event, form) => {
    event.preventDefault();
    const raw = form.elements.code.value.trim();
    form.reset();
    if (raw) scanned(raw);
  });
  on("submit", "#count-entry", (event) => {
    event.preventDefault();
    const quantity = $("#count-quantity").value.trim();
    if (QUANTITY.test(quantity)) entered(quantity);
    else next(quantity);
  });
  on("click", "#count-lines [data-line]", (event, node) => ask(lines.find((line) => String(line.id) === node.dataset.line)));
  on("click", "[data-entry-close]", () => {
    $("#count-entry").hidden = true;
    $("#hand-code").focus();
  });
  on("click", "#count-send", () => sync());
  on("click", "[data-drop]", async (event, button) => {
    await remove("entries", button.dataset.drop);
    await draw();
  });
  on("click", "[data-insist]", async (event, button) => {
    const entry = await get("entries", button.dataset.insist);
    delete entry.words;
    await put("entries", { ...entry, replace: true });
    await sync();
  });
  addEventListener("online", () => sync());
  addEventListener("offline", () => draw());
  setInterval(() => sync(), EVERY);
  load().then(() => sync());
}
