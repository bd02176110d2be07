// On the page of a person who is called: the title says so, and the time to enter counts down.
(() => {
  const doc = document, find = id => doc.getElementById(id), d = find("wait").dataset, nav = navigator, load = () => location.reload();
  const mine = d.called == 1; // 2: has entered already
  if (mine) doc.title = "● " + doc.title;
  if (nav.setAppBadge) (mine ? nav.setAppBadge() : nav.clearAppBadge()).catch(() => 0);
  const clock = find("left"), end = Date.now() + d.call * 1e3;
  if (!clock) return;
  const tick = () => {
    const left = Math.max(0, Math.round((end - Date.now()) / 1e3)), seconds = left % 60;
    clock.textContent = (left - seconds) / 60 + (seconds < 10 ? ":0" : ":") + seconds;
    if (!left) load();
  };
  tick();
  clock.parentNode.hidden = false;
  setInterval(tick, 1e3);
  // while nobody can enter the time does not run, and the server says it again
  setInterval(async () => {
    try {
      const got = await fetch(d.status, { credentials: "omit" });
      if (got.ok && JSON.parse((await got.text()).split("\n")[0]).state != d.state) load();
    } catch { /* no network now: the time runs on */ }
  }, 15e3);
})();
