"use strict";

// Keeps the page as the server has it. The server renders; here elements are brought up to what
// it sent, as few of them as possible, so that focus, selection and scrolling stay as they are.
(() => {
  const SILENCE_MS = 40000; // the server says something every 15 s
  const RETRY_MS = 5000;
  const MOST_SAID = 3;
  const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const folded = new WeakSet(); // the details that the reader has opened or closed
  let ahead = Date.parse(root.dataset.now) - Date.now(); // of our clock, the server's
  let asOf = root.dataset.now;
  let source, watchdog;

  // Times

  function span(seconds) {
    const parts = [];
    let rest = Math.floor(seconds);
    for (const [unit, length] of UNITS) {
      const count = Math.floor(rest / length);
      rest %= length;
      if (count) parts.push(`${count} ${unit}`);
    }
    return parts.slice(0, 2).join(" ") || "0 s";
  }

  function inWords(time) {
    const seconds = (Date.now() + ahead - Date.parse(time.dateTime)) / 1000;
    if (time.dataset.as === "for") return `for ${span(Math.max(0, seconds))}`;
    return seconds < 0 ? `in ${span(-seconds)}` : `${span(seconds)} ago`;
  }

  function tellTimes(within) {
    for (const time of within.querySelectorAll("time[data-as]")) {
      const words = inWords(time);
      if (time.textContent !== words) time.textContent = words;
    }
  }

  // From an element to what it should be

  function isSame(old, fresh) {
    return old.nodeType === fresh.nodeType && old.nodeName === fresh.nodeName
      && (old.id || "") === (fresh.id || "");
  }

  function takeAttributes(old, fresh) {
    const kept = folded.has(old) ? "open" : null;
    for (const { name, value } of [...fresh.attributes]) {
      if (name !== kept && old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    for (const { name } of [...old.attributes]) {
      if (name !== kept && !fresh.hasAttribute(name)) old.removeAttribute(name);
    }
  }

  function takeChildren(old, fresh) {
    const known = new Map([...old.children].filter((each) => each.id).map((each) => [each.id, each]));
    let at = old.firstChild;
    for (const next of [...fresh.childNodes]) {
      const match = next.id ? known.get(next.id) : at;
      if (!match || !isSame(match, next)) {
        old.insertBefore(next, at);
        continue;
      }
      if (match === at) at = at.nextSibling;
      else old.insertBefore(match, at);
      become(match, next);
    }
    while (at) {
      const gone = at;
      at = at.nextSibling;
      gone.remove();
    }
  }

  function become(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType === Node.TEXT_NODE) {
      old.data = fresh.data;
      return;
    }
    if (old.nodeName === "TIME" && old.dateTime === fresh.dateTime) return;
    takeAttributes(old, fresh);
    takeChildren(old, fresh);
  }

  function parsed(html) {
    const template = document.createElement("template");
    template.innerHTML = html; // the server has escaped all that it did not write itself
    return template.content.firstElementChild;
  }

  // What has happened, for those who can not see it

  function sayings() {
    return new Map([...document.querySelectorAll("[data-says]")].map((e) => [e.id, e.dataset.says]));
  }

  function announce(before) {
    const news = [];
    for (const [id, says] of sayings()) {
      if (before.has(id) && before.get(id) !== says) {
        news.push(says);
        flash(byId(id));
      }
    }
    if (!news.length) return;
    const more = news.length > MOST_SAID ? [`and ${news.length - MOST_SAID} more`] : [];
    byId("said").textContent = [...news.slice(0, MOST_SAID), ...more].join("; ");
  }

  function flash(element) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    element.animate({ opacity: [0.3, 1] }, { duration: 800, easing: "ease-out" });
  }

  // An update

  function update(news) {
    if (news.page !== root.dataset.page) {
      location.reload(); // the server has another style or script now
      return;
    }
    const before = sayings();
    const focused = document.activeElement;
    ahead = Date.parse(news.at) - Date.now();
    asOf = news.at;
    document.title = news.title;
    if (byId("icon").getAttribute("href") !== news.icon) byId("icon").href = news.icon;
    for (const [id, html] of Object.entries(news.fragments)) {
      const fresh = parsed(html);
      const old = byId(id);
      if (old) become(old, fresh);
      else byId("pools").append(fresh);
    }
    arrange(news.pools);
    tellTimes(document);
    announce(before);
    if (focused !== document.activeElement && focused.isConnected) {
      focused.focus({ preventScroll: true });
    }
  }

  function arrange(ids) {
    const pools = byId("pools");
    ids.forEach((id, place) => {
      const pool = byId(id);
      if (pools.children[place] !== pool) pools.insertBefore(pool, pools.children[place] ?? null);
    });
    while (pools.children.length > ids.length) pools.lastElementChild.remove();
  }

  // The connection

  function show(className, text) {
    const link = byId("link");
    link.className = `link ${className}`;
    if (link.textContent !== text) link.textContent = text;
  }

  function connectIn(ms) {
    clearTimeout(watchdog);
    watchdog = setTimeout(connect, ms);
  }

  function heard() {
    connectIn(SILENCE_MS);
    show("live", "Live");
  }

  function lost() {
    const clock = new Date(asOf).toLocaleTimeString();
    show("lost", `Connection lost, trying again. This is as of ${clock}.`);
    if (source.readyState === EventSource.CLOSED) connectIn(RETRY_MS); // else it does so itself
  }

  function connect() {
    if (source) {
      source.close();
      lost();
    }
    connectIn(SILENCE_MS);
    source = new EventSource(`/events${location.search}`);
    source.addEventListener("error", lost);
    source.addEventListener("beat", heard);
    source.addEventListener("update", (event) => {
      heard();
      update(JSON.parse(event.data));
    });
  }

  document.addEventListener("click", (event) => {
    const summary = event.target.closest("summary");
    if (summary) folded.add(summary.parentElement);
  });
  tellTimes(document);
  setInterval(() => tellTimes(document), 1000);
  connect();
})();
