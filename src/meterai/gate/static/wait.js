// Looks at the status now and then, the nearer the turn the more often. The page works without it.
"use strict";
(() => {
  const box = document.getElementById("wait");
  if (!box || box.dataset.called) return;
  const data = box.dataset, language = document.documentElement.lang;
  const started = Date.now();
  let seen = [Number(data.epoch), Number(data.sequence)], wait = 10, timer = 0, told = false;
  const text = (id, value) => { const e = document.getElementById(id); if (e && value !== "") e.textContent = value; };
  const number = (n) => n.toLocaleString(language === "id" ? "id-ID" : "en-GB");
  const zones = { "Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT" };
  const clock = (unix, seconds) => new Date(unix * 1000).toLocaleTimeString(language === "id" ? "id-ID" : "en-GB", {
    timeZone: data.zone, hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hour12: false,
  }) + " " + (zones[data.zone] || "");

  // 64-bit places are compared as text: JavaScript's numbers would round them
  const place = data.place;
  const hex = (raw) => { const m = /"frontiers":\[\[(\d+),(\d+)\]/.exec(raw); return m && [Number(m[1]), BigInt(m[2])]; };
  const isCalled = (raw) => {
    const frontier = hex(raw);
    if (!frontier || place === "") return false;
    const window = Number(data.window);
    return window < frontier[0] || (window === frontier[0] && BigInt(place) < frontier[1]);
  };
  const when = (fan, column, people) => {
    let seconds = 0, called = 0;
    for (const row of fan) {
      if (row[column] >= people) return seconds + (row[0] - seconds) * (people - called) / Math.max(1, row[column] - called);
      seconds = row[0]; called = row[column];
    }
    return null;
  };

  const show = (status) => {
    const note = document.getElementById("note"), said = (status.note || {})[language] || "";
    note.hidden = said === "";
    note.textContent = said;
    text("updated", clock(status.at, true));
    wait = status.poll[1];
    if (data.number === "") return;
    const ahead = Math.max(0, Number(data.number) - 1 - status.called);
    text("ahead", number(ahead));
    const soonest = when(status.fan, 2, ahead + 1), latest = when(status.fan, 1, ahead + 1);
    if (soonest !== null) text("turn", clock(status.at + soonest) + (latest !== null ? " – " + clock(status.at + latest) : ""));
    const seconds = soonest !== null ? soonest : status.rate ? ahead * 60 / status.rate : 3600;
    wait = Math.min(status.poll[1], Math.max(status.poll[0], seconds / 10));
    if (!told && seconds <= 180) {
      told = true;
      fetch(data.ready, { method: "POST" }).catch(() => { told = false; });
    }
  };

  const look = async () => {
    clearTimeout(timer);
    try {
      const answer = await fetch(data.status, { credentials: "omit" });
      if (answer.ok) {
        const raw = await answer.text(), status = JSON.parse(raw.split("\n", 1)[0]);
        if (status.epoch > seen[0] || (status.epoch === seen[0] && status.sequence >= seen[1])) {
          const changed = data.state && data.state !== status.state;
          data.state = status.state;
          seen = [status.epoch, status.sequence];
          if (isCalled(raw) || changed) return location.reload();
          show(status);
        }
      }
    } catch { /* no network now: the place is not lost, the next look comes */ }
    if (Date.now() - started > Number(data.reload) * 1000 && !document.hidden && navigator.onLine !== false) return location.reload();
    timer = setTimeout(look, 1000 * Math.min(wait, Math.max(2, Number(data.reload))) * (0.75 + Math.random() / 2));
  };
  document.addEventListener("visibilitychange", () => { if (!document.hidden) timer = setTimeout(look, Math.random() * 1000); });
  timer = setTimeout(look, 1000 + Math.random() * 2000);
})();
