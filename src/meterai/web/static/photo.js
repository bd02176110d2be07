// The four corners of the paper: drag them, or tap where the nearest one belongs. The form carries them as parts of the photo.
(() => {
  const box = document.querySelector("[data-corners]");
  if (!box) return;
  const field = box.closest("form").elements.sudut;
  const svg = box.querySelector("svg");
  const begun = box.dataset.corners.split(" ").map((pair) => pair.split(",").map(Number));
  const corners = begun.length === 4 ? begun : [[0.05, 0.05], [0.95, 0.05], [0.95, 0.95], [0.05, 0.95]];
  for (const node of document.querySelectorAll("[data-with-script]")) node.hidden = false;
  for (const node of document.querySelectorAll("[data-without-script]")) node.hidden = true;

  const part = (kind) => svg.appendChild(document.createElementNS(svg.namespaceURI, "path")).classList.add(kind);
  svg.replaceChildren();
  ["edge", "dot", "dot", "dot", "dot", "grip", "grip", "grip", "grip"].forEach(part);
  const [edge, ...dots] = svg.children;
  function show() {
    const text = corners.map((corner) => corner.map((value) => value.toFixed(4)).join(",")).join(" ");
    field.value = text;
    edge.setAttribute("d", `M${text}z`);
    dots.forEach((dot, n) => dot.setAttribute("d", `M${corners[n % 4].join(" ")}h0`));
  }
  show();

  const part01 = (value) => Math.min(Math.max(0, value), 1);
  function place(event) {
    const { left, top, width, height } = box.getBoundingClientRect();
    return [part01((event.clientX - left) / width), part01((event.clientY - top) / height)];
  }
  function nearest([x, y]) {
    const far = corners.map(([u, v]) => Math.hypot(x - u, y - v));
    return far.indexOf(Math.min(...far));
  }
  let held = -1;
  svg.addEventListener("pointerdown", (event) => {
    if (!event.target.classList.contains("grip")) return;
    held = nearest(place(event));
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
    corners[held] = place(event);
    show();
  });
  svg.addEventListener("pointermove", (event) => {
    if (held < 0) return;
    corners[held] = place(event);
    show();
  });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (held = -1));
  // A tap on the photo, where no corner is under the finger: the input would send the form.
  box.querySelector("input").addEventListener("click", (event) => {
    event.preventDefault();
    if (!event.detail) return; // Enter on the keyboard
    const tapped = place(event);
    corners[nearest(tapped)] = tapped;
    show();
  });
})();
