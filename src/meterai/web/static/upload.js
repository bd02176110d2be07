// Uploads over a bad connection: each document is sent alone, again until it has arrived, and photos are made smaller
// before. What arrived stays on the server, so a reload shows it. Without this script the form is sent as a whole.
(() => {
  const SIDE = 2400, QUALITY = 0.85; // A4 at 200 dots an inch, and a little
  const TRIES = 8, STALL = 30000, PATIENCE = 120000;
  const isPhoto = (file) => /^image\/(jpeg|png)$/.test(file.type);
  const arrived = new WeakSet();
  let ready = Promise.resolve();

  async function smaller(file) {
    if (!isPhoto(file)) return file;
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = SIDE / Math.max(picture.width, picture.height);
    if (scale >= 1) return file;
    const canvas = document.createElement("canvas"), brush = canvas.getContext("2d");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    brush.fillStyle = "#fff";
    brush.fillRect(0, 0, canvas.width, canvas.height);
    brush.imageSmoothingQuality = "high";
    brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const made = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!made || made.size >= file.size) return file;
    return new File([made], file.name.replace(/\.(png|jpe?g)$/i, "") + ".jpg", { type: "image/jpeg" });
  }

  // The smaller photos take the place of the chosen ones, before anything looks at their sizes.
  async function shrink(input) {
    const chosen = [...input.files], all = new DataTransfer();
    for (const file of chosen) all.items.add(await smaller(file).catch(() => file));
    if (input.files[0] === chosen[0]) input.files = all.files;
  }
  document.addEventListener("change", (event) => {
    const input = event.target, form = input.form;
    if (input.type !== "file" || !form || !form.matches("[data-upload]")) return;
    if (input.dataset.made) return delete input.dataset.made;
    if (![...input.files].some(isPhoto)) return;
    event.stopImmediatePropagation();
    say(form, words(form).smaller);
    ready = shrink(input).catch(() => {}).then(() => {
      say(form, "");
      input.dataset.made = "1";
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }, true);

  // What people read meanwhile. The percentage is no news for a screen reader: the bar has it.
  const words = (form) => JSON.parse(form.dataset.words);
  const fill = (text, facts) => text.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
  function say(form, text, percent = -1) {
    const box = form.querySelector(".sending"), bar = box.querySelector("progress");
    const status = box.querySelector("[role=status]"), number = box.querySelector("[data-percent]");
    box.hidden = !text;
    if (status.textContent !== text) status.textContent = text;
    bar.hidden = number.hidden = percent < 0;
    bar.value = Math.max(percent, 0);
    number.textContent = `${Math.max(percent, 0)} %`;
  }

  // The documents of a form: each PDF, and the photos that were chosen together.
  function partsOf(form) {
    if (form.dataset.upload !== "each") return [{ files: [] }];
    const parts = [];
    for (const input of form.querySelectorAll("input[type=file]")) {
      const found = [];
      for (const file of input.files) {
        const together = found.find((one) => input.dataset.one || (isPhoto(file) && isPhoto(one.files[0])));
        if (together) together.files.push(file);
        else found.push({ name: input.name, files: [file], place: found.length });
      }
      parts.push(...found.filter((one) => !arrived.has(one.files[0])));
    }
    return parts;
  }

  function dataOf(form, part) {
    const data = new FormData(form);
    data.delete("langsung"); // the answer is an address, not the next page
    if (!part.name) return data;
    for (const input of form.querySelectorAll("input[type=file]")) data.delete(input.name);
    for (const file of part.files) data.append(part.name, file, file.name);
    data.append("ke", part.place);
    return data;
  }

  function post(form, part, tell) {
    return new Promise((done) => {
      const call = new XMLHttpRequest();
      let whole = false, timer = 0;
      const wait = (time) => { clearTimeout(timer); timer = setTimeout(() => call.abort(), time); };
      const lost = () => { clearTimeout(timer); done({ lost: true, whole }); };
      call.upload.onprogress = (event) => { wait(STALL); tell(Math.floor((100 * event.loaded) / event.total)); };
      call.upload.onload = () => { whole = true; wait(PATIENCE); tell(100); };
      call.onerror = call.onabort = lost;
      call.onload = () => { clearTimeout(timer); done(read(call)); };
      call.open("POST", form.action);
      call.setRequestHeader("X-Sent-By", "script");
      wait(STALL);
      call.send(dataOf(form, part));
    });
  }

  function read(call) {
    if ([502, 503, 504].includes(call.status)) return { busy: +call.getResponseHeader("Retry-After") || 5 };
    if (/json/.test(call.getResponseHeader("Content-Type"))) return JSON.parse(call.responseText);
    return { html: call.responseText };
  }

  // A pause before the next try; it ends as soon as the browser says that the connection is back.
  const pause = (seconds) => new Promise((done) => {
    setTimeout(done, 1000 * seconds);
    addEventListener("online", done, { once: true });
  });

  async function deliver(form, part, facts) {
    const text = words(form);
    for (let tries = 0; tries < TRIES; tries++) {
      const answer = await post(form, part, (percent) =>
        say(form, percent < 100 ? fill(text.sending, facts) : text.checking, percent));
      if (!answer.lost && !answer.busy) return answer;
      if (answer.whole && form.dataset.upload !== "each") return { next: location.href }; // shows whether it arrived
      const seconds = answer.busy || Math.min(2 ** tries, 30);
      say(form, fill(answer.busy ? text.busy : text.lost, { seconds }));
      await pause(seconds);
    }
    return null;
  }

  async function send(form) {
    await ready;
    const parts = partsOf(form), told = [], came = location.href;
    let next = "", html = "";
    for (const [number, part] of parts.entries()) {
      const name = part.files.map((file) => file.name).join(", ");
      const answer = await deliver(form, part, { number: number + 1, total: parts.length, name });
      if (!answer) return rest(form);
      if (answer.next && !answer.stays) return location.assign(answer.next);
      if (answer.next) {
        for (const file of part.files) arrived.add(file);
        next = answer.next;
        form.action = answer.stays;
        history.replaceState(history.state, "", answer.stays); // from now on a reload shows what arrived
      } else {
        html = answer.html;
        told.push(...pageOf(html).querySelectorAll("main .note[role=alert]"));
      }
    }
    if (next && !html) {
      history.replaceState(history.state, "", came); // there is nothing more to send: going back leads to a new form
      return location.assign(next);
    }
    if (next) html = await fetch(form.action).then((page) => page.text());
    show(pageOf(html), next ? told : []);
  }

  const pageOf = (html) => new DOMParser().parseFromString(html, "text/html");
  function show(page, told) {
    const main = page.querySelector("main");
    main.querySelector("h1").after(...told);
    document.querySelector("main").replaceWith(main);
    document.title = page.title;
    for (const { src } of page.querySelectorAll("script[data-page]")) { // they look for parts of their page
      document.head.appendChild(Object.assign(document.createElement("script"), { src }));
    }
    scrollTo(0, 0);
    main.focus();
  }

  function rest(form) {
    say(form, words(form).gone);
    delete form.dataset.sending;
    document.dispatchEvent(new Event("wake"));
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-upload]")) return;
    event.preventDefault();
    if (form.dataset.sending) return event.stopImmediatePropagation();
    form.dataset.sending = form.dataset.begun = "1";
    send(form).catch(() => form.submit()); // whatever this script did not expect, the browser can do itself
  }, true);
})();
