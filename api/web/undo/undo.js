/* The page behind the link in a notice that a contact was changed: one button undoes the change and ends every
   session. The token stands in the fragment, which no server, proxy or log sees, and leaves the address bar at
   once. Opening the link changes nothing, because scanners follow every link of an e-mail. */

import { busy, fill, h } from "/shared/dom.js";
import { NoNetwork, Session } from "/shared/graphql.js";
import { speak, t } from "/shared/words.js";

const LANGUAGES = ["en", "pt", "pl"];
const UNDO = `mutation UndoContactChange($input: UndoContactChangeInput!) { undoContactChange(input: $input) { __typename
  ... on ContactChangeUndone { sessions } ... on Problem { message } } }`;

const session = new Session("selo-phone");
const place = document.getElementById("screen");
const token = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

function show(text, ...children) {
  fill(
    place,
    h("h1", { tabindex: -1 }, t("title")),
    h("p", { role: "status" }, text),
    h("div.stack.tight", {}, children),
  );
}

function ask() {
  const fault = h("p.fault", { role: "alert" });
  const button = h(
    "button.button.primary.wide.tall",
    {
      onclick: () =>
        busy(button, async () => {
          fault.textContent = "";
          try {
            const { undoContactChange: answer } = await session.askPublic(UNDO, { input: { token } });
            if (answer.message) return show(answer.message);
            session.end();
            return show(t("done"), h("a.button.wide", { href: "/phone/" }, t("signin")));
          } catch (error) {
            fault.textContent = t(error instanceof NoNetwork ? "fault.network" : "fault.later");
            return null;
          }
        }),
    },
    t("undo"),
  );
  show(t("ask"), button, fault);
}

await speak(LANGUAGES, async (tag) => (await import(`./words/${tag}.js`)).default);
document.title = t("title");
if (token) ask();
else show(t("bad"));
