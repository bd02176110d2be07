// Asks the browser for a passkey, and sends its answer with the form around the button.
// Each part says in data-passkey what is asked, as JSON, and in data-ask whether to "create" or to "get".
// With data-needs-code a code is needed beside the passkey; else the passkey takes its place.
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
  const fields = [...form.elements].filter((one) => "needsCode" in part.dataset || one.name !== "code");
  return fields.every((one) => one.reportValidity());
}

function send(form, part) {
  // The form's own button says what the person wants: a confirmation has one to go on and one to go back.
  if (form.elements.code && !("needsCode" in part.dataset)) form.elements.code.required = false;
  form.requestSubmit(form.querySelector("button:not([type=button])"));
}

async function ask(form, part) {
  const failed = part.querySelector("[role=alert]");
  failed.hidden = true;
  if (!isComplete(form, part)) return;
  try {
    form.elements.passkey.value = await answerOf(part);
  } catch {
    failed.hidden = false; // the person said no, or the browser has no such passkey
    return;
  }
  send(form, part);
  form.elements.passkey.value = ""; // it counts once, also for a person who comes back to this page
}

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) continue; // the page says what to do without
  const [button, form] = [part.querySelector("button"), part.closest("form")];
  part.querySelector("[data-without]").hidden = true;
  if (button) {
    button.hidden = false;
    button.addEventListener("click", () => ask(form, part));
    continue;
  }
  form.addEventListener("submit", (event) => {
    if (form.elements.passkey.value || event.submitter?.formNoValidate) return;
    event.preventDefault();
    ask(form, part);
  });
}
