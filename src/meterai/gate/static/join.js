// Solves the challenge beside the page when the form is sent, then sends it.
"use strict";
(() => {
  const form = document.querySelector("form[data-challenge]");
  if (!form) return;
  const field = form.querySelector("input[name=altcha]"), working = form.querySelector(".working");
  let solution = null;
  const solve = async () => {
    const challenge = await (await fetch(form.dataset.challenge, { signal: AbortSignal.timeout ? AbortSignal.timeout(15e3) : null })).json();
    const worker = new Worker(form.dataset.worker);
    const number = await new Promise((done, failed) => {
      worker.onmessage = (event) => done(event.data);
      worker.onerror = failed;
      worker.postMessage(challenge);
    });
    worker.terminate();
    const { maxnumber, ...rest } = challenge;
    return btoa(JSON.stringify({ ...rest, number }));
  };
  const begin = () => { return solution = solution || solve().catch(() => { solution = null; return ""; }); };
  form.addEventListener("input", begin, { once: true });
  let pressed = null; // browsers of before 2021 do not say by which button a form is sent
  form.addEventListener("click", (event) => { pressed = event.target; });
  form.addEventListener("submit", async (event) => {
    if (field.value || pressed && pressed.hasAttribute("formaction")) return;
    event.preventDefault();
    working.hidden = false;
    field.value = await begin();
    form.submit();
  });
  addEventListener("pageshow", (event) => { if (event.persisted) { field.value = ""; solution = null; working.hidden = true; } });
})();
