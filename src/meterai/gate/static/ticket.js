// Copies the ticket's link, or gives it to the phone's own menu for sharing.
(() => {
  const doc = document, find = id => doc.getElementById(id), nav = navigator, text = find("teks");
  const offer = (id, onclick) => Object.assign(find(id), { hidden: 0, onclick });
  if (nav.share) offer("bagi", () => nav.share({ title: doc.title, url: text.value }).catch(() => 0));
  offer("salin", async e => {
    const b = e.target, was = b.textContent;
    text.select();
    // browsers inside other apps often have no clipboard but this older way
    try { await nav.clipboard.writeText(text.value) } catch { doc.execCommand("copy") }
    b.textContent = b.dataset.done;
    setTimeout(() => b.textContent = was, 2e3);
  });
})();
