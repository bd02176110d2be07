// Asks the browser for a passkey, and sends its answer with the form around the button.
// Each part says in data-passkey what is asked, as JSON, and in data-ask whether to "create" or to "get".
"use strict";

async function answerOf(part) {
  const options = JSON.parse(part.dataset.passkey);
  const found =
    part.dataset.ask === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  return JSON.stringify(found.toJSON());
}

function isComplete(form, part) {
  // A code is needed beside a new passkey, and instead of a known one.
  const fields = [...form.elements].filter((one) => part.dataset.ask === "create" || one.name !== "code");
  return fields.every((one) => one.reportValidity());
}

function send(form, part) {
  // The form's own button says what the person wants: a confirmation has one to go on and one to go back.
  if (part.dataset.ask === "get" && form.elements.code) form.elements.code.required = false;
  form.requestSubmit(form.querySelector("button:not([type=button])"));
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) continue; // the page says what to do without
  const [button, failed] = [part.querySelector("button"), part.querySelector("[role=alert]")];
  const form = button.form;
  button.hidden = false;
  part.querySelector("[data-without]").hidden = true;
  button.addEventListener("click", async () => {
    failed.hidden = true;
    if (!isComplete(form, part)) return;
    try {
      form.elements.passkey.value = await answerOf(part);
    } catch {
      failed.hidden = false; // the person said no, or the browser has no such passkey
      return;
    }
    send(form, part);
  });
}
