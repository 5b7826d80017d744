// 多页签: the pages a person has open in this window, kept for the session.
import { $, element, on, place, store } from "./dom.js";

const KEY = "hrp.tabs";
const MOST = 14;
const bar = $("#tabs");

function save(tabs) {
  store.set(KEY, tabs);
  draw();
}

function opened() {
  return store.get(KEY, []);
}

function current() {
  return bar?.dataset.url;
}

function draw() {
  if (!bar) return;
  const home = bar.dataset.home;
  const tabs = opened().filter((tab) => tab.url !== home);
  const link = (tab, closable) =>
    element(
      "a",
      { href: tab.href ?? tab.url, class: tab.url === current() ? "on" : "", "data-tab": tab.url },
      element("span", {}, tab.title),
      closable
        ? element("button", { type: "button", "data-close": tab.url, "aria-label": `关闭 ${tab.title}` }, "×")
        : null,
    );
  bar.replaceChildren(link({ url: home, title: bar.dataset.homeTitle }, false), ...tabs.map((tab) => link(tab, true)));
  $("a.on", bar)?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

if (bar) {
  const tabs = opened();
  const here = { url: current(), title: bar.dataset.title, href: location.pathname + location.search };
  const at = tabs.findIndex((tab) => tab.url === here.url);
  if (at >= 0) tabs[at] = here;
  else if (here.url !== bar.dataset.home) tabs.push(here);
  save(tabs.slice(-MOST));
}

function close(urls) {
  const before = opened();
  const kept = before.filter((tab) => !urls.includes(tab.url));
  const at = before.findIndex((tab) => tab.url === current());
  save(kept);
  if (urls.includes(current())) {
    const next = before.slice(0, at).reverse().find((tab) => kept.includes(tab)) ?? kept[0];
    location.href = next?.href ?? bar.dataset.home;
  }
}

on("click", "[data-close]", (event, button) => {
  event.preventDefault();
  close([button.dataset.close]);
});

on("auxclick", "[data-tab]", (event, tab) => {
  if (event.button === 1 && tab.dataset.tab !== bar.dataset.home) {
    event.preventDefault();
    close([tab.dataset.tab]);
  }
});

let menu;
on("contextmenu", "[data-tab]", (event, tab) => {
  event.preventDefault();
  menu?.remove();
  const urls = opened().map((other) => other.url);
  const at = urls.indexOf(tab.dataset.tab);
  const choice = (title, closing) =>
    element(
      "button",
      { type: "button", disabled: !closing.length, onclick: () => (menu.remove(), close(closing)) },
      title,
    );
  menu = element(
    "div",
    { class: "floating tab-menu", role: "menu" },
    element("button", { type: "button", onclick: () => (location.href = tab.href) }, "刷新"),
    choice("关闭其他", urls.filter((url) => url !== tab.dataset.tab)),
    choice("关闭左侧", at < 0 ? [] : urls.slice(0, at)),
    choice("关闭右侧", at < 0 ? urls : urls.slice(at + 1)),
    choice("全部关闭", urls),
  );
  document.body.append(menu);
  place(menu, tab);
});
addEventListener("click", () => menu?.remove());
