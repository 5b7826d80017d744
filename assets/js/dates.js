// Dates typed freely (20261103, 11-3, 2026/11/3) and picked from a small Chinese calendar.
import { $, element, on, place } from "./dom.js";

const two = (number) => String(number).padStart(2, "0");
const iso = (year, month, day) => `${year}-${two(month)}-${two(day)}`;

export function normalise(text) {
  const plain = text.trim();
  const now = new Date();
  let match = plain.match(/^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/) ?? plain.match(/^(\d{4})(\d{2})(\d{2})$/);
  if (match) return iso(match[1], match[2], match[3]);
  match = plain.match(/^(\d{1,2})[-/.月](\d{1,2})日?$/);
  if (match) return iso(now.getFullYear(), match[1], match[2]);
  return plain;
}

on("change", "input[data-date]", (_, input) => {
  input.value = normalise(input.value);
});

let calendar = null;

function close() {
  calendar?.remove();
  calendar = null;
}

function pick(input, value) {
  input.value = value;
  input.dispatchEvent(new Event("change", { bubbles: true }));
  close();
  input.focus();
}

function draw(input, year, month) {
  const first = new Date(year, month, 1);
  const start = new Date(year, month, 1 - ((first.getDay() + 6) % 7));
  const today = new Date();
  const key = (date) => iso(date.getFullYear(), date.getMonth() + 1, date.getDate());
  const days = element("div", { class: "days" }, ..."一二三四五六日".split("").map((name) => element("span", {}, name)));
  for (let index = 0; index < 42; index += 1) {
    const date = new Date(start.getFullYear(), start.getMonth(), start.getDate() + index);
    const classes = [
      date.getMonth() === month ? "" : "other",
      key(date) === key(today) ? "today" : "",
      key(date) === input.value ? "on" : "",
    ];
    const day = element("button", { type: "button", tabindex: "-1", class: classes.join(" ").trim() }, `${date.getDate()}`);
    day.addEventListener("mousedown", (event) => (event.preventDefault(), pick(input, key(date))));
    days.append(day);
  }
  const step = (label, by) => {
    const button = element("button", { class: "icon-button", type: "button", tabindex: "-1", "aria-label": label }, by < 0 ? "‹" : "›");
    button.addEventListener("mousedown", (event) => {
      event.preventDefault();
      const next = new Date(year, month + by, 1);
      draw(input, next.getFullYear(), next.getMonth());
    });
    return button;
  };
  const footer = (title, value) => {
    const button = element("button", { class: "button ghost small", type: "button", tabindex: "-1" }, title);
    button.addEventListener("mousedown", (event) => (event.preventDefault(), pick(input, value)));
    return button;
  };
  close();
  calendar = element(
    "div",
    { class: "floating calendar", "aria-hidden": "true" },
    element("header", {}, step("上个月", -1), element("b", {}, `${year}年${month + 1}月`), step("下个月", 1)),
    days,
    element("footer", {}, footer("清空", ""), footer("今天", key(today))),
  );
  (input.closest("dialog") ?? document.body).append(calendar);
  place(calendar, input);
}

on("click", "input[data-date]", (_, input) => {
  if (input.readOnly || input.disabled) return;
  const match = input.value.match(/^(\d{4})-(\d{2})/);
  const now = new Date();
  draw(input, match ? +match[1] : now.getFullYear(), match ? +match[2] - 1 : now.getMonth());
});
on("focusout", "input[data-date]", close);
on("keydown", "input[data-date]", (event, input) => {
  if (event.key === "Escape" && calendar) {
    event.stopPropagation();
    close();
  }
  if (event.key === "Tab" || event.key === "Enter") {
    close();
    input.value = normalise(input.value);
  }
});
addEventListener("scroll", close, true);

export const today = () => $("[data-today]")?.dataset.today;
