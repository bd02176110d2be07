// Small helps on top of pages that work without them.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  // The answer to a form may be the page that follows it: it is shown under its own address, and reloaded from there.
  if (root.dataset.address) history.replaceState(history.state, "", root.dataset.address);
  const $ = (selector, base = document) => [...base.querySelectorAll(selector)];

  // One press is enough: a second one while the first is on its way does nothing. Who stopped the first can press again;
  // browsers that tell nobody of it leave a button that works after a while. A file may be on its way for long, and would
  // start again from its first byte.
  const tells = self.navigation;
  let stopped = 0;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const patience = tells && form.enctype === "multipart/form-data" ? Infinity : 20000;
    if (Date.now() - form.dataset.sent < patience) return event.preventDefault();
    form.dataset.sent = Date.now();
    if (form.method === "post") {
      const straight = form.querySelector("[name=langsung]") || form.appendChild(document.createElement("input"));
      Object.assign(straight, { type: "hidden", name: "langsung", value: "1" });
    }
    const button = event.submitter || form.querySelector("button");
    if (!button) return;
    setTimeout(() => {
      clearTimeout(stopped); // what this press took the place of
      if (!form.dataset.sent) return;
      button.setAttribute("aria-disabled", "true");
      if (!button.dataset.busy) return;
      button.dataset.idle = button.dataset.idle || button.textContent;
      button.textContent = button.dataset.busy;
    });
  });
  function wake() {
    for (const form of $("form[data-sent]")) form.removeAttribute("data-sent");
    for (const button of $("button[aria-disabled]")) {
      button.removeAttribute("aria-disabled");
      if (button.dataset.idle) button.textContent = button.dataset.idle;
    }
  }
  if (tells) navigation.addEventListener("navigateerror", () => (stopped = setTimeout(wake)));
  document.addEventListener("wake", wake); // what a script sent did not arrive
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  for (const offer of $("[data-print]")) {
    offer.hidden = false;
    offer.addEventListener("click", () => print());
  }

  // A page that comes back by itself: when its time is over and somebody looks at it.
  for (const waiting of $("[data-again]")) {
    const due = Date.now() + 1000 * waiting.dataset.again;
    const can = () => !document.hidden && navigator.onLine; // else an error of the browser's would stand in its place
    const look = () => Date.now() >= due && can() && location.replace(waiting.dataset.address);
    setTimeout(look, due - Date.now() + 20);
    addEventListener("online", look);
    document.addEventListener("visibilitychange", look);
  }

  // Files: say at once when one is over the limit, or when there are too many.
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (input.type !== "file" || !input.dataset.max) return;
    const said = document.getElementById(input.dataset.said);
    const over = [...input.files].find((file) => file.size > +input.dataset.max);
    const wrong = input.files.length > input.dataset.most ? input.dataset.tooMany : over ? input.dataset.tooLarge : "";
    input.setCustomValidity(wrong);
    if (said) said.textContent = wrong;
    if (wrong) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const box = event.target.closest && event.target.closest(".file");
      if (!box) return;
      if (kind !== "dragleave") event.preventDefault();
      box.classList.toggle("over", kind === "dragover");
      if (kind !== "drop") return;
      const input = box.querySelector("input");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  // How long one can still pay, as the server says: the phone's clock may be wrong. The browser's own clock stands still
  // while the phone sleeps, so every answer about the order says it again; a second more or less is the network's.
  function reckon(clock, seconds, since) {
    const due = since + 1000 * seconds;
    if (!(Math.abs(due - clock.due) < 2000)) clock.due = due;
  }

  // Browsers inside other apps often have a clipboard that they let nobody write to, but for the older way.
  function copyByHand(button) {
    const field = button.parentNode.appendChild(document.createElement("textarea"));
    Object.assign(field, { className: "seen", value: button.dataset.copy, readOnly: true });
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    button.focus();
    return copied;
  }

  function wire(base, since) {
    for (const button of $("[data-copy]", base)) {
      button.hidden = !navigator.clipboard;
      button.onclick = async () => {
        try {
          await navigator.clipboard.writeText(button.dataset.copy);
        } catch {
          if (!copyByHand(button)) return (button.hidden = true); // the text stands beside it
        }
        const before = button.textContent;
        button.textContent = button.dataset.done;
        setTimeout(() => (button.textContent = before), 2000);
      };
    }
    for (const clock of $("[data-seconds]", base)) reckon(clock, clock.dataset.seconds, since);
    for (const clock of $("[data-left]", base)) clock.hidden = false;
    tick();
  }

  function tick() {
    for (const clock of $("[data-seconds]")) {
      const left = Math.max(0, Math.round((clock.due - performance.now()) / 1000));
      clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    }
  }
  setInterval(tick, 1000);
  wire(document, (performance.getEntriesByType("navigation")[0] || {}).responseStart || 0);

  // Screen readers say what changes in a place that was there before, not what came with a new one.
  function tell(place) {
    const news = $("[data-news]", place).map((node) => node.innerText.trim()).join("\n");
    if (place.nextElementSibling.textContent !== news) place.nextElementSibling.textContent = news;
  }

  // The order page follows by itself: the fragment is fetched again and put in place when it changed. It looks sooner
  // after a change, and after a return to the page: who comes back from the bank's app has just paid. A form that was begun
  // stays as it is, where the news still has it.
  for (const place of $("[data-follow]")) {
    place.addEventListener("input", (event) => event.target.form && (event.target.form.dataset.begun = ""));
    let wait = 2500;
    let etag = `"${place.dataset.mark}"`;
    let soon = 0;
    let timer = 0;
    const next = () => {
      clearTimeout(timer);
      timer = setTimeout(look, soon-- > 0 ? 900 : wait);
    };
    const look = async () => {
      timer = 0;
      if (document.hidden) return next();
      const patience = new AbortController(); // a connection that is gone without a word says nothing for minutes
      setTimeout(() => patience.abort(), 15000);
      try {
        const { signal } = patience, headers = etag ? { "If-None-Match": etag } : {};
        const answer = await fetch(place.dataset.follow, { headers, signal });
        if ([403, 404].includes(answer.status)) return location.assign(place.dataset.follow.replace("/keadaan", ""));
        if (answer.status >= 400) throw answer;
        wait = 1000 * (answer.headers.get("X-Rest") || 2.5);
        let later = false;
        if (answer.status === 200) {
          const text = await answer.text();
          const mark = answer.headers.get("X-Mark");
          const busy = place.contains(document.activeElement) && document.activeElement.matches("input, select");
          later = busy && place.dataset.mark !== mark; // asked for again, until nobody is at a field
          etag = later ? "" : answer.headers.get("ETag") || "";
          if (place.dataset.mark !== mark && !busy) {
            place.dataset.mark = mark;
            const open = $("details[open]", place).map((node) => node.id);
            const begun = $("form[data-begun]", place);
            place.innerHTML = text;
            for (const form of begun) {
              const same = document.getElementById(form.id);
              if (same) same.replaceWith(form);
            }
            for (const node of open.map((id) => document.getElementById(id))) if (node) node.open = true;
            tell(place);
            wire(place, performance.now());
            soon = 3;
          }
        }
        if (answer.headers.get("X-Ended") && !later) return;
        const left = answer.headers.get("X-Left");
        if (left) for (const clock of $("[data-seconds]", place)) reckon(clock, left, performance.now());
      } catch {
        wait = Math.min(wait * 1.6, 30000);
        soon = 0;
      }
      next();
    };
    next();
    document.addEventListener("visibilitychange", () => {
      if (document.hidden || !timer) return; // it is asking, or nothing will change any more
      soon = 3;
      next();
    });
  }
})();
