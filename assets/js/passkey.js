// Passkeys: the browser's part of WebAuthn for signing in and for registering a key.
import { $, on } from "./dom.js";
import { toast } from "./toast.js";

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function decoded(options) {
  const key = structuredClone(options.publicKey ?? options);
  key.challenge = bytes(key.challenge);
  if (key.user) key.user.id = bytes(key.user.id);
  for (const listed of ["allowCredentials", "excludeCredentials"]) {
    key[listed] = key[listed]?.map((credential) => ({ ...credential, id: bytes(credential.id) }));
  }
  return { publicKey: key };
}

function encoded(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) answer[name] = text(response[name]);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  };
}

async function options(button) {
  const inline = $(button.dataset.options ?? "#passkey-options");
  if (inline) return JSON.parse(inline.textContent);
  const answer = await fetch(button.dataset.url, { headers: { Accept: "application/json" } });
  return (await answer.json()).request_options;
}

on("click", "[data-passkey]", async (event, button) => {
  event.preventDefault();
  if (!navigator.credentials || !window.PublicKeyCredential) {
    toast("此浏览器不支持通行密钥，请改用账号密码", "error");
    return;
  }
  try {
    const request = decoded(await options(button));
    const credential = await navigator.credentials[button.dataset.passkey](request);
    const form = $(button.dataset.form);
    $("[name=credential]", form).value = JSON.stringify(encoded(credential));
    form.submit();
  } catch (error) {
    if (error.name !== "NotAllowedError") toast("通行密钥没有通过，请重试或改用其他方式", "error");
  }
});

on("click", "[data-reveal]", (_, button) => {
  const field = $(button.dataset.reveal);
  const hidden = field.type === "password";
  field.type = hidden ? "text" : "password";
  button.setAttribute("aria-pressed", String(hidden));
});
