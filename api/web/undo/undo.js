/* The page behind the link in a notice that a contact was changed: one button undoes the change and ends every
   session. The token stands in the fragment, which no server, proxy or log sees, and leaves the address bar at
   once. Opening the link changes nothing, because scanners follow every link of an e-mail. */

import { NoNetwork, Session } from "/shared/graphql.js";
import { html, render, useState } from "/shared/preact.js";
import { speak, t } from "/shared/words.js";

const LANGUAGES = ["en", "pt", "pl"];
const UNDO = `mutation UndoContactChange($input: UndoContactChangeInput!) { undoContactChange(input: $input) { __typename
  ... on ContactChangeUndone { sessions } ... on Problem { message } } }`;

const session = new Session("selo-phone");
const place = document.getElementById("screen");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

function Answer({ text, children }) {
  return html`<h1 tabindex="-1">${t("title")}</h1>
    <p role="status">${text}</p>
    <div class="stack tight">${children}</div>`;
}

/* What is asked, until it is done or the server says why it is not. */
function Undo() {
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState("");
  const [answer, setAnswer] = useState(null);
  const undo = async () => {
    setBusy(true);
    setFault("");
    try {
      const { undoContactChange } = await session.askPublic(UNDO, { input: { token } });
      if (!undoContactChange.message) session.end();
      setAnswer(undoContactChange);
    } catch (error) {
      setFault(t(error instanceof NoNetwork ? "fault.network" : "fault.later"));
    }
    setBusy(false);
  };
  if (answer?.message) return html`<${Answer} text=${answer.message} />`;
  if (answer)
    return html`<${Answer} text=${t("done")}><a class="button wide" href="/phone/">${t("signin")}</a><//>`;
  return html`<${Answer} text=${t("ask")}>
    <button class="button primary wide tall" disabled=${isBusy} aria-busy=${isBusy ? "true" : undefined} onClick=${undo}>
      ${t("undo")}
    </button>
    <p class="fault" role="alert">${fault}</p>
  <//>`;
}

await speak(LANGUAGES, async (tag) => (await import(`./words/${tag}.js`)).default);
document.title = t("title");
render(token ? html`<${Undo} />` : html`<${Answer} text=${t("bad")} />`, place);
