// Clocks on the server's time (<body data-now>): down to a deadline (data-deadline="epoch ms"), up from data-since.
import { $, $$, always } from "./dom.js";

let skew = 0;
const two = (number) => String(number).padStart(2, "0");

function remaining(milliseconds) {
  const late = milliseconds < 0;
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  const hours = Math.floor(seconds / 3600);
  const text = `${hours ? `${hours}:` : ""}${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`;
  return { text: (late ? "超时 " : "") + text, late, soon: !late && seconds < 900 };
}

function tick() {
  const now = Date.now() + skew;
  for (const node of $$("[data-deadline]")) {
    const { text, late, soon } = remaining(Number(node.dataset.deadline) - now);
    node.textContent = text;
    const row = node.closest("tr, li, .clock-row") ?? node;
    row.classList.toggle("over", late);
    row.classList.toggle("soon", soon);
  }
  for (const node of $$("[data-since]")) node.textContent = remaining(now - Number(node.dataset.since)).text;
  const clock = $("[data-clock]");
  if (clock) {
    clock.textContent = new Date(now).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
  }
}

function measure() {
  for (const node of $$("[data-percent]")) node.style[node.dataset.side || "width"] = `${node.dataset.percent}%`;
  for (const node of $$("[data-left]")) node.style.left = `${node.dataset.left}%`;
}

let ticking = 0;
always(() => {
  measure();
  const server = $$("[data-now]").pop();
  if (server) skew = Number(server.dataset.now) - Date.now();
  if (!$("[data-deadline], [data-since], [data-clock]")) return;
  tick();
  ticking ||= setInterval(tick, 1000);
});
