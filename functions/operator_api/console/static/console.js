// Live parts and keys. Everything here is also a link or a button: without this file nothing is missing but comfort.
"use strict";

const FAST = 10_000;
const SLOW = 60_000;
const live = document.querySelector("[data-live]");
const stamp = document.querySelector("[data-as-of]");
const pause = document.querySelector("[data-pause]");
let paused = false;
let wait = FAST;
let tag = "";
let timer = 0;

// A fragment comes as a parsed document: no text is ever turned into markup by us (trusted types are on).
function fetchPart() {
  return new Promise((resolve) => {
    const call = new XMLHttpRequest();
    call.open("GET", live.dataset.live);
    call.responseType = "document";
    call.timeout = 15_000;
    if (tag) call.setRequestHeader("If-None-Match", tag);
    call.setRequestHeader("Accept", "text/html");
    call.onload = () => resolve(call);
    call.onerror = call.ontimeout = () => resolve(null);
    call.send();
  });
}

// What somebody is reading with the keyboard, or typing into, does not change under their hands.
function mayChange(part) {
  return !part.contains(document.activeElement);
}

function isQuiet() {
  return !paused && !document.hidden && !document.querySelector("dialog[open]");
}

// Parts are replaced one by one, and only those that differ; what was opened stays open.
function show(fresh) {
  let whole = true;
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = live.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!old || old.isEqualNode(part)) continue;
    if (!mayChange(old)) {
      whole = false;
      continue;
    }
    const open = [...old.querySelectorAll("details[open][id]")].map((one) => one.id);
    old.replaceChildren(...document.adoptNode(part).childNodes);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  }
  return whole;
}

async function refresh() {
  if (isQuiet()) {
    const call = await fetchPart();
    if (call && (call.status === 401 || call.status === 403)) {
      setPaused(true);
      if (call.status === 401) sayEnded();
      return;
    }
    if (call && call.status === 200 && call.responseXML && isQuiet()) {
      tag = show(call.responseXML) ? call.getResponseHeader("ETag") || "" : "";
      wait = FAST;
    } else {
      wait = Math.min(wait * 1.5, SLOW);
    }
    if (call && (call.status === 200 || call.status === 304)) setStamp(call);
  }
  timer = setTimeout(refresh, wait);
}

function setStamp(call) {
  const at = new Date(call.getResponseHeader("Date") || Date.now());
  stamp.textContent = at.toLocaleTimeString("en-GB", { timeZone: "Asia/Phnom_Penh" });
}

// The link beside it leads to the sign-in.
function sayEnded() {
  stamp.parentElement.textContent = "Your session has ended.";
  pause.hidden = true;
}

function setPaused(to) {
  paused = to;
  clearTimeout(timer);
  pause.textContent = to ? "Resume" : "Pause";
  pause.setAttribute("aria-pressed", String(to));
  if (!to) {
    wait = FAST;
    timer = setTimeout(refresh, 0);
  }
}

if (live && pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => setPaused(!paused));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !paused) {
      clearTimeout(timer);
      timer = setTimeout(refresh, 250);
    }
  });
  timer = setTimeout(refresh, FAST);
}

// Keys: none changes anything, each has a visible way, all are off in fields and with modifiers (WCAG 2.1.4).
const help = document.getElementById("keys");
const toggle = document.querySelector("[data-keys-off]");
const stored = () => {
  try {
    return localStorage.getItem("keys") !== "off";
  } catch {
    return true;
  }
};
let on = stored();
let g = 0;

function rows() {
  return [...document.querySelectorAll("a[data-row]")];
}

function step(by) {
  const all = rows();
  if (!all.length) return;
  const here = all.indexOf(document.activeElement);
  all[Math.min(all.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by))].focus();
}

function follow(name) {
  document.querySelector(`[data-key="${name}"]`)?.click();
}

const KEYS = {
  "?": () => help?.showModal(),
  "/": () => document.getElementById("find")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  o: () => document.activeElement?.matches?.("a[data-row]") && document.activeElement.click(),
  u: () => follow("u"),
  n: () => follow("n"),
  p: () => follow("p"),
  ".": () => live && pause.click(),
};
const GO = { q: "gq", s: "gs", r: "gr" };

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable], dialog");
  if (!on || typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (g && Date.now() - g < 1500 && GO[event.key]) {
    g = 0;
    event.preventDefault();
    return follow(GO[event.key]);
  }
  g = event.key === "g" ? Date.now() : 0;
  if (KEYS[event.key]) {
    event.preventDefault();
    KEYS[event.key]();
  }
});

document.querySelectorAll("[data-shows-keys]").forEach((one) => {
  one.hidden = false;
  one.addEventListener("click", () => help.showModal());
});
document.querySelector("[data-closes-keys]")?.addEventListener("click", () => help.close());
if (toggle) {
  toggle.checked = on;
  toggle.addEventListener("change", () => {
    on = toggle.checked;
    try {
      localStorage.setItem("keys", on ? "on" : "off");
    } catch {
      // Nothing is remembered where nothing may be stored.
    }
  });
}

// After a change the message has the focus, so it is read first (UX 78).
document.querySelector(".flash, .problem")?.focus();
