// Stands in every page. A form says that a script runs here, so that its answer may be the page that follows
// (docs/decisions/0022); that page is then shown under its own address, and reloaded from there.
(() => {
  const here = document.documentElement.dataset.address;
  if (here) history.replaceState(null, "", here);
  for (const form of document.forms) form.insertAdjacentHTML("beforeend", '<input type="hidden" name="langsung" value="1">');
})();
