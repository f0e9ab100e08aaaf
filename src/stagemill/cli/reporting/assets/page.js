"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const steps = new Map(data.steps.map((step) => [step.id, step]));
  const rows = [...document.querySelectorAll("#list tbody tr")];

  const size = (count) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let unit = 0;
    while (count >= 999.5 && unit < 4) { count /= 1000; unit += 1; }
    return `${unit && count < 9.95 ? count.toFixed(1) : Math.round(count)} ${units[unit]}`;
  };

  // Steps: filter, selection, details.
  const words = rows.map((row) => row.textContent.toLowerCase());
  const visible = () => rows.filter((row) => !row.hidden);
  const filter = () => {
    const wanted = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const ran = byId("only").checked;
    rows.forEach((row, place) => {
      const state = steps.get(row.dataset.step).state;
      const out = ran && (state === "cached" || state === "alike" || !state);
      row.hidden = out || !wanted.every((word) => words[place].includes(word));
    });
    byId("count").textContent = `${visible().length} of ${rows.length}`;
  };
  byId("filter").addEventListener("input", filter);
  byId("only").addEventListener("change", filter);
  filter();

  const select = (row) => {
    rows.forEach((other) => { if (other.tabIndex === 0) other.tabIndex = -1; });
    row.tabIndex = 0;
    row.focus();
    row.scrollIntoView({ block: "nearest" });
  };
  const move = (by) => {
    const list = visible();
    const here = list.indexOf(document.activeElement);
    const next = here < 0 ? list[0] : list[Math.min(list.length - 1, Math.max(0, here + by))];
    if (next) select(next);
  };
  const show = (id) => {
    const step = steps.get(id);
    if (!step) return;
    const facts = [step.stage, step.line ? `line ${step.line}` : "", step.word,
      step.seconds === null ? "" : `${step.seconds.toFixed(2)} s`, step.size ? size(step.size) : "",
      step.critical ? "on the critical path" : ""];
    byId("detail-title").textContent = step.text;
    byId("detail-facts").textContent = facts.filter(Boolean).join(" · ");
    byId("detail-why").textContent = step.cause ? `why it ran: ${[step.cause.text, ...step.also].join("; ")}` : "";
    byId("detail-files").replaceChildren(...(step.cause ? step.cause.files : []).map((file) => {
      const item = document.createElement("li");
      item.textContent = file;
      return item;
    }));
    byId("detail-cut").textContent = step.log && step.log.cut ? `${size(step.log.cut)} before this are left out; stagemill log has all` : "";
    byId("detail-log").textContent = step.log ? step.log.text : "";
    byId("detail").showModal();
  };
  document.addEventListener("click", (event) => {
    const found = event.target.closest("[data-step]");
    if (found) show(found.dataset.step);
    if (event.target instanceof HTMLDialogElement) event.target.close();
  });

  // Sizes: a treemap of two levels below the part that is looked at.
  const map = byId("map");
  const root = map && d3.hierarchy({ name: "all stages", children: data.sizes })
    .sum((part) => (part.children && part.children.length ? 0 : part.size || 0))
    .sort((one, other) => other.value - one.value);
  let here = root;
  const button = (part, act) => {
    const made = document.createElement("button");
    const amount = document.createElement("small");
    made.type = "button";
    made.title = `${part.data.name}: ${size(part.value)}`;
    amount.textContent = ` ${size(part.value)}`;
    const label = document.createElement("span");
    label.append(part.data.name, amount);
    made.append(label);
    made.addEventListener("click", act);
    return made;
  };
  const cell = (box, part) => {
    const top = box.depth === 1 ? box : box.parent;
    const made = button(part, () => (part.children ? go(part) : part.data.id && show(part.data.id)));
    const brought = part.depth === 2 && !part.data.id; // by FROM: nothing that the Dockerfile added
    made.className = brought ? "brought" : `hue${top.parent.children.indexOf(top) % 8}`;
    made.style.left = `${box.x0}px`;
    made.style.top = `${box.y0}px`;
    made.style.width = `${box.x1 - box.x0}px`;
    made.style.height = `${box.y1 - box.y0}px`;
    return made;
  };
  const inMap = () => [...map.querySelectorAll("button")];
  const walk = (by) => {
    const list = inMap();
    const next = list[list.indexOf(document.activeElement) + by];
    if (!next) return;
    list.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
    next.focus();
  };
  const draw = () => {
    const boxes = here.copy();
    const parts = here.descendants();
    d3.treemap().size([map.clientWidth, map.clientHeight]).paddingInner(1).round(true)
      .paddingTop((box) => (box.depth === 1 && box.children ? 21 : 0))(boxes);
    map.replaceChildren(...boxes.descendants()
      .map((box, place) => [box, parts[place]])
      .filter(([box]) => box.depth > 0 && box.depth < 3 && box.x1 - box.x0 > 5 && box.y1 - box.y0 > 5)
      .map(([box, part]) => cell(box, part)));
    inMap().forEach((one, place) => { one.tabIndex = place ? -1 : 0; });
    byId("crumbs").replaceChildren(...here.ancestors().reverse().map((part) => button(part, () => go(part))));
  };
  const go = (part) => {
    here = part;
    draw();
    (map.querySelector("button") || map).focus({ preventScroll: true });
  };
  if (map) {
    draw();
    window.addEventListener("resize", draw);
  }

  // The graph is made smaller to fit, as long as it can be read; else it is scrolled.
  const picture = document.querySelector("#graph svg");
  const { width, height } = picture.viewBox.baseVal;
  const fit = () => {
    const scale = Math.min(1, Math.max(0.7, picture.parentElement.clientWidth / width));
    picture.setAttribute("width", width * scale);
    picture.setAttribute("height", height * scale);
  };
  fit();
  window.addEventListener("resize", fit);

  // Light or dark, and keys.
  const turn = () => {
    const page = document.documentElement;
    const dark = page.dataset.theme ? page.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    page.dataset.theme = dark ? "light" : "dark";
  };
  byId("theme").addEventListener("click", turn);
  byId("help").addEventListener("click", () => byId("keys").showModal());
  const sections = ["timeline", "steps", "graph", "sizes", "findings", "against", "dockerfile"];
  const keys = {
    j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1),
    t: turn, "?": () => byId("keys").showModal(), "/": () => byId("filter").focus(),
    Backspace: () => here && here.parent && go(here.parent),
    Enter: () => show(document.activeElement.dataset.step),
  };
  document.addEventListener("keydown", (event) => {
    const on = document.activeElement;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (on.tagName === "INPUT") {
      if (event.key === "Escape") on.blur();
      return;
    }
    const arrow = event.key.startsWith("Arrow");
    if (arrow && map && on.parentElement === map) {
      walk(event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1);
      event.preventDefault();
      return;
    }
    if (arrow && !on.matches("#list tr")) return;
    if (event.key === "Enter" && !on.dataset.step) return;
    const place = sections[Number(event.key) - 1];
    if (place) {
      byId(place).focus({ preventScroll: true });
      byId(place).scrollIntoView();
    } else if (Object.hasOwn(keys, event.key)) {
      keys[event.key]();
    } else {
      return;
    }
    event.preventDefault();
  });
})();
