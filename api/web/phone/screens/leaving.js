/* The way out: a membership deleted with what goes with it said before, and kept after all by who signs in. */

import { amount, dayOf } from "/shared/format.js";
import { html, useState } from "/shared/preact.js";
import { t } from "/shared/words.js";
import { ask, installationId, phone, prefer, session, signInTokens } from "../phone.js";
import { DELETE_MEMBERSHIP, KEEP_MEMBERSHIP, LOSSES } from "../queries.js";

const CODE = "[\\s\\-\u2010-\u2015]*([0-9][\\s\\-\u2010-\u2015]*){6}";

/** One section of "Me": first what it is, then what is lost, then the code that was sent. */
export function DeleteMembership({ tell, say }) {
  const [losses, setLosses] = useState(null);
  const [sent, setSent] = useState(null);
  const look = async () => {
    const { viewer } = await ask(LOSSES, {});
    setLosses(viewer);
  };
  const send = async () => {
    const { deleteMembership: answer } = await ask(DELETE_MEMBERSHIP, { input: {} });
    if (answer.__typename === "MembershipDeleted") return goodbye(answer.erasedAt, tell);
    if (answer.__typename !== "SignInCodeRequested") return answer.message;
    return setSent(answer);
  };
  const leave = async (form) => {
    const input = { code: form.code.value, challenge: sent.challenge };
    const { deleteMembership: answer } = await ask(DELETE_MEMBERSHIP, { input });
    if (answer.__typename !== "MembershipDeleted") return answer.message;
    return goodbye(answer.erasedAt, tell);
  };
  const stop = () => {
    setLosses(null);
    setSent(null);
  };
  const more = html`<button class="button plain wide" type="button" onClick=${stop}>${t("leave.stay")}</button>`;
  return html`<section class="card stack leaving" aria-live="polite">
    <h2>${t("leave")}</h2>
    ${
      sent
        ? html`<${Step} say=${say} act=${leave} button=${t("leave.do")}>
              <label class="field">
                <span>${t("leave.code", { contact: sent.approval.codeSentTo })}</span>
                <input class="big code" name="code" required inputmode="numeric" autocomplete="one-time-code"
                  pattern=${CODE} maxlength="20" />
              </label>
            <//>${more}`
        : losses
          ? html`<${Losses} of=${losses} /><${Step} say=${say} act=${send} button=${t("leave.send")} />${more}`
          : html`<${Step} say=${say} act=${look} button=${t("leave.open")} isQuiet />`
    }
  </section>`;
}

function Losses({ of }) {
  const balances = of.wallets.filter((wallet) => wallet.available || wallet.pending);
  const open = of.vouchers.edges.filter(({ node }) => node.voucherState === "ISSUED");
  return html`<p>${t("leave.lost")}</p>
    <ul class="lines">
      ${balances.map(
        (wallet) => html`<li>
          <span class="grow">${wallet.name}</span><strong>${amount(wallet.available + wallet.pending, wallet)}</strong>
        </li>`,
      )}
      ${open.map(({ node }) => html`<li><span class="grow">${node.title}</span>${t("leave.voucher")}</li>`)}
    </ul>
    <p class="small quiet">${t("leave.hint")}</p>`;
}

/** What a sign-in answered whose membership is being deleted: keep it, or leave it at that. */
export function KeepMembership({ offer, back, say }) {
  const keep = async () => {
    const { deviceToken } = signInTokens();
    const input = { keepToken: offer.keepToken, installationId: installationId(), deviceToken };
    const { keepMembership } = await session.askPublic(KEEP_MEMBERSHIP, { input });
    if (keepMembership.__typename !== "SignedIn") return keepMembership.message;
    phone.farewell = "";
    prefer("device", keepMembership.deviceToken);
    session.begin(keepMembership);
    return null;
  };
  return html`<h2>${t("keep")}</h2>
    <p>${t("keep.hint", { day: day(offer.erasedAt) })}</p>
    <${Step} say=${say} act=${keep} button=${t("keep.do")} isPrimary />
    <button class="button plain" type="button" onClick=${back}>${t("keep.leave")}</button>`;
}

/* Every session has ended, and the page may have noticed before this: the sentence stands where one signs in. */
function goodbye(erasedAt, tell) {
  phone.farewell = t("leave.done", { day: day(erasedAt) });
  tell(phone.farewell);
  session.end();
}

function day(at) {
  return dayOf(at, phone.programme?.timezone);
}

/* A form with one button; what `act` answers, or why it failed, stands above it. */
function Step({ act, button, say, isPrimary, isQuiet, children }) {
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      setFault((await act(event.currentTarget ?? event.target)) ?? "");
    } catch (error) {
      setFault(say(error));
    } finally {
      setBusy(false);
    }
  };
  const kind = isPrimary ? "button primary wide tall" : isQuiet ? "button plain wide" : "button wide";
  return html`<form class="stack" onSubmit=${submit}>
    ${children}
    <div aria-live="assertive">${fault && html`<p class="notice bad">${fault}</p>`}</div>
    <button class=${kind} disabled=${isBusy} aria-busy=${isBusy}>${button}</button>
  </form>`;
}
