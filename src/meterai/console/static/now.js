// Keeps the page "Now" up to date. The page works without it: a refresh of 30 s stands in for it.
(() => {
  "use strict";
  const charts = document.getElementById("grafik");
  if (!charts || !window.EventSource) return;
  const stream = new EventSource(charts.dataset.kabar);
  for (const name of ["tanda", "angka", "grafik"]) {
    const part = document.getElementById(name);
    stream.addEventListener(name, (news) => {
      // What somebody reads or is about to press stays where it is.
      const isUsed = part.contains(document.activeElement) || (name === "grafik" && part.querySelector("details[open]"));
      if (!isUsed) part.innerHTML = news.data;
    });
  }
  stream.addEventListener("selesai", () => { stream.close(); location.reload(); });
})();
