// A stocktake of assets with or without a network: what was found goes into the browser's own database first and to the
// server when it can be reached; each entry carries its own uuid, so that one sent twice counts once.
import { $, element, on } from "./dom.js";
import { send, uuid } from "./hand_scan.js";
import { DUPLICATE, OK, STOP, tell } from "./hand_sounds.js";
import { all, get, put, remove } from "./hand_store.js";

const EVERY = 15_000;
const AT_ONCE = 40;
const LONGEST_SIDE = 1280; // pixels of a photograph that is sent
const KINDS = { ok: "相符", elsewhere: "地点不符", other_unit: "在其他科室", damaged: "损坏", idle: "闲置", unlabelled: "无标签", extra: "账外" };
const root = $("[data-assets]");
let lines = [];
let current = null; // what is being entered: a line, {code} of another department's, or {extra: true}
let busy = false;

const key = () => `${root.dataset.user}:asset:${root.dataset.assets}`;
const mine = async () => (await all("entries")).filter((entry) => entry.owner === key());

async function load() {
  let sheet;
  try {
    const response = await fetch(root.dataset.sheet, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Error(response.statusText);
    sheet = await response.json();
    await put("sheets", { key: key(), lines: sheet.lines, places: sheet.places });
  } catch {
    sheet = await get("sheets", key());
  }
  if (sheet) {
    lines = sheet.lines;
    const select = $("#asset-place");
    const chosen = select.value;
    select.replaceChildren(select.options[0], ...sheet.places.map((place) => element("option", { value: place.id }, place.name)));
    select.value = chosen;
  }
  await draw();
}

// -- drawing -------------------------------------------------------------------------------------------------------

async function draw() {
  const entries = await mine();
  const waiting = entries.filter((entry) => !entry.words);
  const typed = new Map(waiting.map((entry) => [entry.code, entry.kind]));
  const done = (line) => typed.get(line.code) ?? line.own;
  $("#asset-lines").replaceChildren(
    ...[...lines].sort((a, b) => Number(Boolean(done(a))) - Number(Boolean(done(b)))).map((line) => row(line, done(line), typed.has(line.code))),
  );
  $("#asset-progress").textContent = `已盘 ${lines.filter(done).length} / ${lines.length}`;
  const network = $("#asset-network");
  network.textContent = navigator.onLine ? "在线" : "离线";
  network.className = `tag plain ${navigator.onLine ? "done" : "wait"}`;
  $("#asset-queue").textContent = waiting.length ? `${waiting.length} 条待同步` : "已全部同步";
  conflicts(entries.filter((entry) => entry.words));
}

function row(line, kind, queued) {
  const about = [line.number, line.model, line.place].filter(Boolean).join(" · ");
  const tag = kind ? element("span", { class: `tag plain ${kind === "ok" ? "done" : "check"}` }, KINDS[kind] ?? kind) : "—";
  return element(
    "li",
    { class: kind ? "full" : "", "data-line": line.id },
    element("div", {}, element("b", {}, line.name), element("small", {}, about)),
    element("div", { class: "amount" }, tag, queued ? " ·待同步" : ""),
  );
}

function conflicts(entries) {
  $("#asset-conflicts").hidden = !entries.length;
  $("#asset-conflicts ul").replaceChildren(
    ...entries.map((entry) =>
      element(
        "li",
        {},
        element("div", {}, element("b", {}, entry.title), element("small", { class: "error" }, entry.words)),
        element("div", { class: "amount" }, element("button", { class: "button small", type: "button", "data-drop": entry.uuid }, "放弃")),
      ),
    ),
  );
}

// -- entering ------------------------------------------------------------------------------------------------------

function ask(target, kind = "ok") {
  current = target;
  const own = Boolean(target.id);
  $("[data-entry=name]").textContent = target.extra ? "账外资产" : (target.name ?? "不在本科室清单");
  $("[data-entry=about]").textContent = own ? ` ${[target.number, target.model, target.place].filter(Boolean).join(" · ")}` : "";
  $("[data-entry=photo]").textContent = target.photo ? "照片（必须）" : "照片";
  $("[data-extra-only]").hidden = !target.extra;
  $("[data-own-only]").hidden = !own;
  for (const id of ["#asset-name", "#asset-model", "#asset-serial", "#asset-note", "#asset-photo", "#asset-place"]) $(id).value = "";
  $(`#asset-entry [name=kind][value=${kind}]`).checked = true;
  $("#asset-entry").hidden = false;
  $(target.extra ? "#asset-name" : "#asset-entry button.primary").focus();
}

function scanned(raw) {
  const code = raw.trim().toUpperCase();
  const line = lines.find((one) => one.code === code || one.number.toUpperCase() === code);
  if (!line) {
    tell(DUPLICATE, "不在本科室清单", ["如确实在这里，请选地点后确定"]);
    return ask({ code });
  }
  tell(line.own ? DUPLICATE : OK, line.name, [line.number, line.place]);
  return ask(line, line.code === code ? "ok" : "unlabelled");
}

/** A photograph as a data URL no larger than it has to be; "" without one. */
async function photograph() {
  const [file] = $("#asset-photo").files;
  if (!file) return "";
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL("image/jpeg", 0.8);
}

async function entered() {
  const kind = current.extra ? "extra" : current.id ? $("#asset-entry [name=kind]:checked").value : "other_unit";
  const place = Number($("#asset-place").value) || null;
  const name = $("#asset-name").value.trim();
  if (kind === "extra" && !name) return tell(STOP, "请填写名称", []);
  if (kind === "elsewhere" && !place) return tell(STOP, "请选择实际地点", []);
  let photo;
  try {
    photo = await photograph();
  } catch {
    return tell(STOP, "照片打不开", ["请重新拍照"]);
  }
  if (current.photo && !photo) return tell(STOP, "须拍照", [current.name]);
  const entry = {
    uuid: uuid(), owner: key(), kind, code: current.code ?? "", location: place, name, model: $("#asset-model").value, note: $("#asset-note").value,
    serial_number: $("#asset-serial").value, photo, found_at: new Date().toISOString(), title: current.name ?? (name || current.code),
  };
  for (const old of await mine()) {
    // what has not left this device may still be corrected here
    if (!old.words && entry.code && old.code === entry.code) await remove("entries", old.uuid);
  }
  await put("entries", entry);
  close();
  await draw();
  return sync();
}

function close() {
  current = null;
  $("#asset-entry").hidden = true;
  $("#hand-code").focus();
}

// -- sending -------------------------------------------------------------------------------------------------------

/** Photographs go one at a time, the rest together. */
function next(waiting) {
  const plain = waiting.filter((entry) => !entry.photo).slice(0, AT_ONCE);
  return plain.length ? plain : waiting.slice(0, 1);
}

async function sync() {
  if (busy || !navigator.onLine) return draw();
  busy = true;
  try {
    for (let waiting = await unsent(); waiting.length; waiting = await unsent()) {
      const sending = next(waiting);
      const answer = await send(root.dataset.sync, { entries: sending });
      if (!answer.outcomes) {
        tell(STOP, answer.reason ?? "同步失败", [answer.way_out]);
        break;
      }
      for (const outcome of answer.outcomes) await settle(outcome, sending.find((one) => one.uuid === outcome.uuid));
    }
  } catch {
    busy = false; // no network after all: the entries stay and are sent later
    return draw();
  }
  busy = false;
  return load();
}

const unsent = async () => (await mine()).filter((entry) => !entry.words);

async function settle(outcome, entry) {
  if (outcome.state === "conflict") {
    await put("entries", { ...entry, words: outcome.words, code: entry.code });
    tell(STOP, "有录入未被接受", [outcome.words]);
    return;
  }
  await remove("entries", outcome.uuid);
  if (outcome.kind === "other_unit") tell(DUPLICATE, "属于其他科室，已记下", [outcome.words]);
}

// -- the camera, where the browser reads codes by itself -------------------------------------------------------------

async function film() {
  const video = $("#asset-video");
  if (!video.hidden) return stop(video);
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch {
    return tell(STOP, "摄像头打不开", ["请允许使用摄像头，或用扫码枪、输入编号"]);
  }
  video.hidden = false;
  await video.play();
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  while (!video.hidden) {
    const [code] = await detector.detect(video).catch(() => []);
    if (code) {
      stop(video);
      return scanned(code.rawValue);
    }
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

function stop(video) {
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = true;
}

if (root) {
  on("submit", "[data-asset-scan]", (event, form) => {
    event.preventDefault();
    const raw = form.elements.code.value.trim();
    form.reset();
    if (raw) scanned(raw);
  });
  on("submit", "#asset-entry", (event) => {
    event.preventDefault();
    entered();
  });
  on("click", "#asset-lines [data-line]", (event, node) => ask(lines.find((line) => String(line.id) === node.dataset.line), "unlabelled"));
  on("click", "[data-entry-close]", () => close());
  on("click", "#asset-extra", () => ask({ extra: true }));
  on("click", "#asset-send", () => sync());
  on("click", "#asset-camera", () => film());
  on("click", "[data-drop]", async (event, button) => {
    await remove("entries", button.dataset.drop);
    await draw();
  });
  $("#asset-camera").hidden = !("BarcodeDetector" in globalThis && navigator.mediaDevices);
  addEventListener("online", () => sync());
  addEventListener("offline", () => draw());
  setInterval(() => sync(), EVERY);
  load().then(() => sync());
}
