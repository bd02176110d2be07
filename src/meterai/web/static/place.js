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
  const corner = (node) => node.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
  const others = [...page.querySelectorAll("[data-other]")].map((node) => [node, corner(node), +node.firstChild.getAttribute("width")]);
  let [left, top] = corner(spot);
  const step = 6;

  for (const node of document.querySelectorAll("[data-with-script]")) node.hidden = false;
  for (const node of document.querySelectorAll("[data-without-script]")) node.hidden = true;

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
  page.addEventListener("click", (event) => {
    const [x, y] = place(event);
    if (!dragged && x >= 0 && x <= width && y >= 0 && y <= height) put(event);
    dragged = false;
  });
  spot.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    held = [x - left, y - top];
    dragged = false;
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
    });
  }
  const chosen = document.querySelector("[data-chosen]");
  if (chosen) {
    const tell = () => (chosen.textContent = form.querySelector("[name=sesudah]:checked").nextElementSibling.textContent);
    for (const choice of form.querySelectorAll("[name=sesudah]")) choice.addEventListener("change", tell);
    tell();
  }
  const choose = document.querySelector("[data-go]");
  // Who chooses with the keyboard passes every page on the way, so there the button beside it shows the page.
  if (choose) {
    let byKey = false;
    choose.addEventListener("keydown", () => { byKey = true; });
    choose.addEventListener("pointerdown", () => { byKey = false; });
    choose.addEventListener("change", () => byKey || choose.form.submit());
    // A page that was chosen and not shown yet is shown before anything is saved: the stamp would stay on the other.
    form.addEventListener("submit", (event) => {
      if (choose.value === form.elements.halaman.value) return;
      event.preventDefault();
      choose.form.submit();
    });
  }
})();
