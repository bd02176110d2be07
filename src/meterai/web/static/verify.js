// For people who would rather not send their file, the browser makes its SHA-256 first. When the register knows it, the
// file stays where it is, and the result need not say that nobody saw it: who came by a link has had no digest made in
// this tab.
(() => {
  const KEY = "periksa";
  const unseen = document.querySelector("[data-unseen]"), named = document.querySelector("[data-name]");
  try {
    const [hex, name] = JSON.parse(sessionStorage.getItem(KEY) || "[]");
    if (unseen && hex === unseen.dataset.unseen) {
      unseen.hidden = true;
      named.hidden = false;
      named.textContent = name;
    }
  } catch {
    // Nothing can be kept here: what is said stays true.
  }
  const form = document.querySelector("form[data-verify]");
  if (!form || !globalThis.isSecureContext || !crypto.subtle) return;
  for (const node of document.querySelectorAll("[data-private]")) node.hidden = false;
  let sent = false;
  form.addEventListener("submit", async (event) => {
    const input = form.querySelector("input[type=file]"), file = input.files[0];
    const stays = form.querySelector("[data-keep]").checked;
    if (sent || !stays || !file || file.size > +input.dataset.max) return;
    event.preventDefault();
    sent = true;
    try {
      const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
      const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      const patience = new AbortController(); // a connection that is gone without a word says nothing for minutes
      setTimeout(() => patience.abort(), 10000);
      const answer = await fetch(form.dataset.verify + hex, { method: "HEAD", signal: patience.signal });
      if (answer.ok) {
        try { sessionStorage.setItem(KEY, JSON.stringify([hex, file.name])); } catch {}
        return location.assign(form.dataset.verify + hex);
      }
    } catch {
      // No answer: the file is sent and judged in full.
    }
    form.submit();
  });
})();
