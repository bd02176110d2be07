// Looks at the status now and then, the nearer the turn the more often. The page works without it. It stands in
// the page itself, together with `ticket.js`: at most 3,000 bytes without these comments and spaces (`pages.py`).
(() => {
  const doc = document, find = id => doc.getElementById(id), d = find("wait").dataset, lang = doc.documentElement.lang;
  const tag = lang == "en" ? "en-GB" : lang, nav = navigator, lost = find("lost"), badge = how => nav.setAppBadge && nav[how + "AppBadge"]().catch(() => 0);
  badge("clear");
  const begun = Date.now(), age = () => (Date.now() - begun) / 1e3, two = "2-digit", load = () => location.reload(), { max, min, random } = Math;
  let seen = d, old = 60, wait = d.poll, bad = 0, timer, told;
  const show = (id, text) => (find(id) || {}).textContent = text;
  const clock = (unix, second) => new Date(unix * 1e3).toLocaleTimeString(tag, { timeZone: d.zone, hour: two, minute: two, second, hour12: 0 });
  const take = s => {
    const note = [s.news || 0, s.note].map(n => n[lang] || n.en).join("\n").trim(), box = find("note");
    if (box.textContent != note) box.hidden = !(box.textContent = note);
    show("updated", clock(s.at, two) + d.wib);
    show("head", s.log.join(":"));
    wait = s.poll[1];
    if (!d.number) return;
    const ahead = max(0, d.number - 1 - s.called), when = k => {
      let at = 0, called = 0;
      for (const { 0: t, [k]: n } of s.fan) {
        if (n > ahead) return at + (t - at) * (ahead + 1 - called) / max(1, n - called);
        at = t; called = n;
      }
    };
    const early = when(2), late = when(1), soon = s.rate ? ahead * 60 / s.rate : 3600, left = early || soon;
    show("ahead", ahead.toLocaleString(tag));
    const a = clock(s.at + early), b = clock(s.at + late);
    // further ahead the day stands there, which is the server's
    if (late < 4e4) show("turn", (a == b ? a : `${a} – ${b}`) + d.wib);
    // as if calling went on at once: the fan may fear an outage that ends earlier
    wait = min(wait, max(s.poll[0], min(left, soon) / 4));
    // the words on the page are the server's: they are fetched anew when they can't be true any more, but never at
    // every look, should the server see it otherwise
    if (age() > d.reload / 8 && (left < 170 && !d.near || d.left && Math.abs(left - d.left + age()) > max(300, left / 3))) return load();
    if (!told && left <= 180) told = fetch(location.pathname + "/siap", { method: "POST" }).catch(() => told = 0);
  };
  const later = ms => { clearTimeout(timer); timer = setTimeout(look, ms); };
  const look = async () => {
    let s;
    lost.hidden = bad++ < 3;
    // a connection that is gone without a word says nothing for minutes
    later(15e3);
    try {
      const got = await fetch(d.status, { credentials: "omit" }), raw = await got.text();
      s = got.ok && JSON.parse(raw.split("\n")[0]);
      if (s && (s.epoch - seen.epoch || s.sequence - seen.sequence) > 0) {
        seen = s;
        old = age() + 60;
        // places have 64 bits: as numbers of JavaScript they would be rounded, so they are read from the text
        const f = /"frontiers":\[\[(\d+),(\d+)/.exec(raw);
        if (f && d.place && (d.window < +f[1] || d.window == f[1] && BigInt(d.place) < f[2])) {
          badge("set");
          if (nav.vibrate && (nav.userActivation || 0).hasBeenActive) nav.vibrate([200, 100, 200]);
          return load();
        }
        if (s.state != d.state) return load();
        take(s);
      }
    } catch { /* no network now: the place is not lost, the next look comes */ }
    s ? lost.hidden = !(bad = 0) : d.place || (wait = 20);
    next();
    // not while nobody answers: an error of the browser's would stand in place of the ticket. Once for a status
    // that stands still (`verdict.OLD_AFTER_S`), from which the server promises nothing: the tab's name keeps which.
    // Without a status, when the page itself is answered
    if (!doc.hidden && (age() > d.reload ? s || (await fetch("")).ok : s && age() > old + random() * 60 && name != (name = s.sequence))) load();
  };
  const next = () => {
    const left = (d.reload - age()) * 1e3 + 9, ms = wait * (750 + random() * 500);
    later(left > 0 ? min(left, ms) : ms);
  };
  doc.onvisibilitychange = () => doc.hidden || later(random() * 1e3);
  next();
})();
