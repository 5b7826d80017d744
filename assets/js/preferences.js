// Row density and column choices, remembered per user on the server.
import { $, $$, csrf, on } from "./dom.js";
import { toast } from "./toast.js";

async function remember(values) {
  const answer = await fetch(document.body.dataset.preferences, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
    body: JSON.stringify(values),
  });
  if (!answer.ok) toast("设置没有保存，请稍后重试", "error");
}

on("click", "[data-density-next]", () => {
  const root = document.documentElement;
  const next = { "": "compact", compact: "loose", loose: "" }[root.dataset.density ?? ""];
  root.dataset.density = next;
  remember({ density: next });
});

on("click", "[data-full-screen]", (_, button) => {
  button.closest(".card").classList.toggle("full-screen");
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    $(".full-screen")?.classList.remove("full-screen");
  }
});

on("click", "[data-move]", (_, button) => {
  const item = button.closest("li");
  if (button.dataset.move === "up") item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
});

on("click", "[data-columns-save]", async (_, button) => {
  const dialog = button.closest("dialog");
  const shown = $$("input:checked", dialog).map((box) => box.value);
  const order = $$("input", dialog).map((box) => box.value);
  await remember({ columns: { [button.dataset.columnsSave]: { shown, order } } });
  location.reload();
});

on("click", "[data-columns-reset]", async (_, button) => {
  await remember({ columns: { [button.dataset.columnsReset]: null } });
  location.reload();
});
