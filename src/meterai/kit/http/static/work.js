// Does the work that a form needs, beside the page. A form that was refused for it carries the challenge: it is
// solved and the form sent by itself. A form that will need work names the address of a challenge: it is solved
// while somebody types. Where that fails, the wait that the page shows stands in for it.
"use strict";
(() => {
  const form = document.querySelector("form[data-solver]");
  if (!form) return;
  const field = form.querySelector("[name=altcha]"), working = form.querySelector(".working"), waiting = form.querySelector(".waiting");
  const given = form.dataset.work;
  let solution = null, isSending = false, isOver = false;
  const show = (isWorking) => {
    working.hidden = !isWorking;
    if (waiting) waiting.hidden = isWorking;
  };
  const fetched = async () => (await fetch(form.dataset.challenges, { signal: AbortSignal.timeout ? AbortSignal.timeout(15e3) : null })).json();
  const solve = async () => {
    const { maxnumber, ...challenge } = given ? JSON.parse(given) : await fetched();
    const worker = new Worker(form.dataset.solver);
    const number = await new Promise((done, failed) => {
      worker.onmessage = (event) => done(event.data);
      worker.onerror = failed;
      worker.postMessage({ maxnumber, ...challenge });
    });
    worker.terminate();
    return btoa(JSON.stringify({ ...challenge, number }));
  };
  const begin = () => { return solution = solution || solve().catch(() => ""); };
  const send = async () => {
    if (isSending) return;
    isSending = true;
    show(true);
    field.value = await begin();
    isOver = true;
    if (given && !field.value) return show(false); // the wait
    setTimeout(() => form.requestSubmit ? form.requestSubmit() : form.submit()); // not within the event of the first
  };
  form.addEventListener("submit", (event) => {
    if (isOver) return;
    event.preventDefault();
    event.stopPropagation();
    send();
  });
  // A network that changes with every request would be asked for ever.
  const isAgain = () => {
    try {
      const before = JSON.parse(sessionStorage.work || "[]").filter((at) => Date.now() - at < 6e4);
      sessionStorage.work = JSON.stringify([...before, Date.now()]);
      return before.length > 3;
    } catch { return false; }
  };
  if (!given) form.addEventListener("input", begin, { once: true });
  else if (isAgain()) isOver = true;
  else send();
  addEventListener("pageshow", (event) => event.persisted && given ? location.reload() : event.persisted && (field.value = "", solution = null, isSending = isOver = false, working.hidden = true));
})();
