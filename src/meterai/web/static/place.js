// Tap to move, arrows to nudge. The form's x and y are points from the lower left of the page as one sees it.
(() => {
  const page = document.querySelector("[data-place]");
  if (!page) return;
  const width = +page.dataset.width;
  const height = +page.dataset.height;
  const size = +page.dataset.size;
  const sheet = page.querySelector("svg");
  const spot = page.querySelector("[data-spot]");
  const form = document.querySelector("form[method=post] [name=x]").form;
  const said = document.querySelector("[data-said]");
  const clash = document.querySelector("[data-clash]");
  const covering = document.querySelector("[data-covering]");
  const corner = (node) => node.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
  const others = [...page.querySelectorAll("[data-other]")].map((node) => [node, corner(node), +node.firstChild.getAttribute("width")]);
  let [left, top] = corner(spot);
  const step = 6;

  for (const node of document.querySelectorAll("[data-with-script]")) node.hidden = false;
  for (const node of document.querySelectorAll("[data-without-script]")) node.hidden = true;

  // What is said of a place, and the tick, hold for that place alone.
  function leave(note) {
    note.hidden = true;
    note.querySelector("input").checked = false;
  }

  function show(moved) {
    left = Math.min(Math.max(0, left), width - size);
    top = Math.min(Math.max(0, top), height - size);
    spot.setAttribute("transform", `translate(${left.toFixed(2)} ${top.toFixed(2)})`);
    form.elements.x.value = left.toFixed(2);
    form.elements.y.value = (height - top - size).toFixed(2);
    const covered = others.some(([, [x, y], side]) => left < x + side && x < left + size && top < y + side && y < top + size);
    spot.classList.toggle("clash", covered);
    clash.textContent = covered ? clash.dataset.text : "";
    if (moved) {
      if (covering) leave(covering);
      said.textContent = said.dataset.text
        .replace("{x}", Math.round((left / width) * 100))
        .replace("{y}", Math.round(((height - top - size) / height) * 100));
    }
  }
  show(false);

  // Where the finger is, in points of the page, which may be smaller than the box in which it is drawn.
  function place(event) {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(sheet.getScreenCTM().inverse());
    return [x, y];
  }
  // A stamp that is dragged stays under the finger as it was taken; one that is put down has its middle there.
  function put(event, [x, y] = [size / 2, size / 2]) {
    const at = place(event);
    left = at[0] - x;
    top = at[1] - y;
    show(true);
  }
  // A tap on another stamp of the document takes that one in hand, as its button does.
  for (const [node] of others) {
    node.addEventListener("click", (event) => {
      const button = form.querySelector(`[name=lalu][value="${node.dataset.other}"]`);
      if (!button) return;
      event.stopPropagation();
      form.requestSubmit(button);
    });
  }
  let held = null;
  let dragged = false;
  page.addEventListener("pointerdown", () => (dragged = false), true);
  page.addEventListener("click", (event) => {
    const [x, y] = place(event);
    if (!dragged && x >= 0 && x <= width && y >= 0 && y <= height) put(event);
    dragged = false;
  });
  spot.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    held = [x - left, y - top];
    page.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  page.addEventListener("pointermove", (event) => {
    if (!held) return;
    dragged = true;
    put(event, held);
  });
  for (const end of ["pointerup", "pointercancel"]) page.addEventListener(end, () => (held = null));

  const moves = { u: [0, -1], d: [0, 1], l: [-1, 0], r: [1, 0] };
  for (const button of document.querySelectorAll("[data-nudge]")) {
    button.addEventListener("click", () => {
      const [x, y] = moves[button.dataset.nudge];
      left += x * step;
      top += y * step;
      show(true);
      if (large) centre();
    });
  }
  const chosen = document.querySelector("[data-chosen]");
  if (chosen) {
    const tell = () => (chosen.textContent = form.querySelector("[name=sesudah]:checked").nextElementSibling.textContent);
    for (const choice of form.querySelectorAll("[name=sesudah]")) choice.addEventListener("change", tell);
    tell();
  }
  // A page number that was typed and not shown yet is shown before anything is saved: the stamp would stay on the other.
  const choose = document.querySelector("[data-go]");
  if (choose) {
    form.addEventListener("submit", (event) => {
      if (choose.value === form.elements.halaman.value) return;
      event.preventDefault();
      choose.form.requestSubmit();
    });
  }

  // Without the picture nobody knows what the stamp covers: nothing is saved until it is there.
  const view = page.closest("[data-view]");
  const picture = page.querySelector("img");
  const saves = form.querySelectorAll("[data-save]");
  const unseen = document.querySelector("[data-unseen]");
  const usual = picture.getAttribute("src");
  let tries = 0;
  function judge(failed) {
    const seen = picture.complete && picture.naturalWidth > 0;
    if (!seen && failed && picture.src.includes("ukuran=besar") && !page.dataset.plain) {
      page.dataset.plain = "1"; // the large one did not come: the usual one does for looking
      picture.src = usual;
      return;
    }
    for (const save of saves) {
      save.disabled = !seen;
      if (seen) save.removeAttribute("aria-describedby");
      else save.setAttribute("aria-describedby", unseen.id);
    }
    unseen.hidden = seen || !failed;
    view.parentNode.hidden = !seen && failed;
  }
  picture.addEventListener("load", () => judge(false));
  picture.addEventListener("error", () => judge(true));
  judge(picture.complete);
  setTimeout(() => judge(true), 8000);
  document.querySelector("[data-retry]").addEventListener("click", () => {
    view.parentNode.hidden = false;
    picture.src = `${usual}&coba=${++tries}`;
    unseen.hidden = true;
  });

  const zoom = document.querySelector("[data-zoom]");
  const label = zoom.querySelector("span");
  let large = view.classList.contains("zoomed");
  function sized() {
    const other = zoom.dataset.zoom;
    zoom.dataset.zoom = label.textContent;
    label.textContent = other;
  }
  // The stamp is in the middle of what is seen then.
  function centre() {
    const around = view.getBoundingClientRect();
    const at = spot.getBoundingClientRect();
    view.scrollLeft += at.left + at.width / 2 - around.left - around.width / 2;
    view.scrollTop += at.top + at.height / 2 - around.top - around.height / 2;
  }
  if (large) sized();
  if (large) centre();
  zoom.addEventListener("click", () => {
    large = !large;
    view.classList.toggle("zoomed", large);
    sized();
    if (!large) return view.removeAttribute("tabindex");
    view.tabIndex = 0;
    centre();
    if (picture.src.includes("ukuran=besar") || !picture.naturalWidth) return;
    const sharp = new Image(); // shown when it is there; until then the usual one, larger
    sharp.addEventListener("load", () => (picture.src = sharp.src));
    sharp.src = picture.dataset.large;
  });
  // The small pictures of many pages are asked for when somebody wants to choose among them.
  const pages = document.querySelector(".pageChoice");
  if (pages) {
    const show = () => {
      const kept = pages.querySelector("template");
      if (kept) kept.replaceWith(kept.content);
      const current = pages.querySelector("[aria-current]");
      if (current) current.parentNode.scrollLeft = current.offsetLeft - current.parentNode.clientWidth / 2;
    };
    if (pages.open) show();
    pages.addEventListener("toggle", show);
    document.querySelector(`a[href="#${pages.id}"]`).addEventListener("click", () => (pages.open = true));
  }
})();
