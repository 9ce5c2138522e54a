/* How staff sign in, at a till and at the console: name and password, the second factor where one is asked for (the
   set-up key, the picture for the authenticator app, its codes), and the recovery codes, which are shown once. */

import { toast } from "/shared/passing.js";
import { html, useLayoutEffect, useRef, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";

const FEW_CODES = 3;

/** The steps of a sign-in. `ask(input)` answers what `staffSignIn` did, `say(error)` tells of a failure, `prefer` keeps
 * what this device is told to, and `begin(signedIn)` goes on with who signed in. `Store`, where there is one, is a field
 * named store above the others; it is told what was chosen before. */
export function SignInSteps({ ask, say, prefer, begin, Store = null }) {
  const [needed, setNeeded] = useState(null);
  const [signedIn, setSignedIn] = useState(null);
  const entered = useRef(null);

  const goOn = (done) => {
    const { recoveryCodesLeft: left } = done;
    if (left !== null && left <= FEW_CODES) toast(t("recovery.few", { count: left }));
    begin(done);
  };

  /* Begin, or return why that cannot be. */
  async function attempt(input) {
    const answer = await ask({ ...input, deviceToken: prefer("device") });
    if (answer.__typename !== "StaffSignedIn") return answer;
    if (input.store) prefer("store", input.store);
    prefer("device", answer.deviceToken);
    if (answer.recoveryCodes) setSignedIn(answer);
    else goOn(answer);
    return null;
  }

  async function signIn(input) {
    const refused = await attempt(input);
    if (!refused?.step) return refused;
    entered.current = input;
    setNeeded(refused);
    return null;
  }

  if (signedIn)
    return html`<${RecoveryCodes} codes=${signedIn.recoveryCodes} done=${() => goOn(signedIn)} />`;
  if (needed)
    return html`<${FactorForm}
      needed=${needed}
      send=${(brought) => attempt({ ...entered.current, ...brought })}
      say=${say}
      leave=${() => setNeeded(null)}
    />`;
  return html`<${Password} Store=${Store} signIn=${signIn} say=${say} again=${entered.current} />`;
}

/* `again` is what was entered before, by whom the second factor was left. */
function Password({ Store, signIn, say, again }) {
  const [fault, setFault] = useState("");
  const form = useRef(null);

  useLayoutEffect(() => {
    if (again) form.current.username.focus();
  }, []);

  async function act() {
    if (!form.current.reportValidity()) return;
    setFault("");
    const { username, password, store } = form.current;
    const sent = password.value;
    const input = { username: username.value.trim(), password: sent };
    try {
      const refused = await signIn(store ? { ...input, store: store.value } : input);
      if (!refused) return;
      setFault(refusal(refused));
      // Who has begun to type it again goes on.
      if (password.value === sent) {
        password.value = "";
        password.focus();
      }
    } catch (error) {
      setFault(say(error));
    }
  }

  return html`<form class="card stack" ref=${form} onSubmit=${(event) => event.preventDefault()}>
    ${Store && html`<${Store} chosen=${again?.store} />`}
    <${Field}
      label=${t("username")}
      name="username"
      required
      autocomplete="username"
      autocapitalize="none"
      spellcheck="false"
      defaultValue=${again?.username ?? ""}
    />
    <${Field} label=${t("password")} name="password" type="password" required autocomplete="current-password" />
    <div aria-live="assertive"><${Notice} kind="bad" icon="lock" text=${fault} /></div>
    <${Act} class="button primary wide tall" act=${act}>${t("signin")}<//>
  </form>`;
}

/* What asks for a second factor. `send(brought)` signs in with what is brought and returns why nobody is
 * signed in yet; `leave` goes back to the password. */
function FactorForm({ needed, send, say, leave }) {
  const [answer, setAnswer] = useState(needed);
  const [isEmpty, setEmpty] = useState(false);
  const [fault, setFault] = useState("");
  const brought = useRef({});
  const form = useRef(null);
  const { step } = answer;
  const typedIn = () => form.current.querySelector("input");

  useLayoutEffect(() => {
    // The picture stays in view.
    typedIn().focus({ preventScroll: step === "ENROL" });
  }, [step]);

  async function act() {
    const field = typedIn();
    const typed = field.value.trim();
    setFault("");
    setEmpty(!typed);
    if (!typed) return field.focus();
    const key = step === "SETUP_KEY" ? "setupKey" : "secondFactor";
    try {
      const next = await send({ ...brought.current, [key]: typed });
      if (!next) return undefined;
      if (next.step) {
        brought.current[key] = typed;
        return setAnswer(next);
      }
      setFault(refusal(next));
      // Who has begun to type it again goes on.
      if (field.value.trim() === typed) field.value = "";
      return field.focus();
    } catch (error) {
      return setFault(say(error));
    }
  }

  return html`<form class="card stack" novalidate ref=${form} onSubmit=${(event) => event.preventDefault()}>
    <h2>${t("factor.title")}</h2>
    <p>${answer.message}</p>
    ${step === "ENROL" && html`<${Enrolment} ...${answer} />`}
    <${Code} key=${step} step=${step} fault=${isEmpty ? t("factor.empty") : ""} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="lock" text=${fault} /></div>
    <${Act} class="button primary wide tall" act=${act}>${t("factor.next")}<//>
    <button class="button wide" type="button" onClick=${leave}>${t("factor.leave")}</button>
  </form>`;
}

/* Why nobody is signed in, and when the next try is heard. */
function refusal({ message, retryAfter }) {
  return retryAfter ? `${message} ${t("signin.wait", { count: retryAfter })}` : message;
}

/* The recovery codes, until they are said to be kept; then `done` goes on. */
function RecoveryCodes({ codes, done }) {
  const [isKept, setKept] = useState(false);
  const title = useRef(null);
  useLayoutEffect(() => title.current.focus(), []);
  return html`<div class="card stack">
    <h2 tabindex="-1" ref=${title}>${t("recovery.title")}</h2>
    <p>${t("recovery.why")}</p>
    <ul class="recovery">
      ${codes.map((code) => html`<li key=${code}><code>${code}</code></li>`)}
    </ul>
    <button class="button wide" type="button" onClick=${() => copy(codes)}>${t("recovery.copy")}</button>
    <label class="choice">
      <input type="checkbox" name="kept" checked=${isKept} onChange=${({ target }) => setKept(target.checked)} />
      ${t("recovery.kept")}
    </label>
    <button class="button primary wide tall" type="button" disabled=${!isKept} onClick=${done}>${t("recovery.go")}</button>
  </div>`;
}

async function copy(codes) {
  try {
    await navigator.clipboard.writeText(codes.join("\n"));
    toast(t("recovery.copied"));
  } catch {
    toast(t("recovery.uncopied"), "bad");
  }
}

/* An app's code is typed by figures; the same field takes a recovery code, which has letters. */
function Code({ step, fault }) {
  return html`<${Field}
    label=${t(`factor.${step}`)}
    hint=${t(`factor.${step}.hint`)}
    fault=${fault}
    required
    name=${step === "SETUP_KEY" ? "setup-key" : "second-factor"}
    autocomplete=${step === "SETUP_KEY" ? "off" : "one-time-code"}
    inputmode=${step === "ENROL" ? "numeric" : "text"}
    autocapitalize=${step === "SETUP_KEY" ? "characters" : "none"}
    spellcheck="false"
    maxlength="40"
  />`;
}

function Enrolment({ qr, secret }) {
  return html`<div class="stack tight enrolment">
    <img class="qr" src=${qr.data} alt=${t("factor.picture")} width="240" height="240" />
    <p class="small quiet" id="factor-secret">${t("factor.secret")}</p>
    <code class="secret" aria-describedby="factor-secret">${secret.match(/.{1,4}/g).join(" ")}</code>
  </div>`;
}
