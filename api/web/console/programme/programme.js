/* The programme: a draft with its faults as one types, what it changes, what it makes of a story, and publishing it;
   the versions before it, and those that wait. */

import { instant } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { Act, Icon, Notice, openSheet } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask, desk, noteFilters, readProposals } from "../console.js";
import { say } from "../faults.js";
import { useTabs } from "../tabs.js";
import { Difference } from "./difference.js";
import { forgetDraft, keepDraft, recallDraft } from "./draft.js";
import { Editor } from "./editor.js";
import { Past } from "./past.js";
import { Pictures } from "./pictures.js";
import { Proposals, Proposing } from "./publishing.js";
import { CHECK, PROPOSED_VERSIONS, TEXT, VERSIONS } from "./queries.js";
import { Story } from "./story.js";
import { download, Versions } from "./versions.js";

const PAUSE_MS = 700;
const TABS = ["faults", "changes", "story", "past", "pictures", "versions"];

/* Everything that the page begins with: the versions, those proposed, and the text to work on. */
async function readAll() {
  const [{ programmeVersions: listed }, { programmeProposals: proposals }] = await Promise.all([
    ask(VERSIONS),
    ask(PROPOSED_VERSIONS),
  ]);
  const kept = recallDraft();
  const draft = kept ?? {
    text: (await ask(TEXT, { version: listed.current })).programmeText,
    base: listed.current,
  };
  return { listed, proposals, draft, isKept: kept !== null };
}

export function ProgrammePage({ filters }) {
  const [known, setKnown] = useState(null);
  const [fault, setFault] = useState("");
  const [visit, setVisit] = useState(0);
  const read = async () => {
    setFault("");
    try {
      setKnown(await readAll());
      setVisit((before) => before + 1);
      readProposals().catch(() => {});
    } catch (error) {
      setFault(say(error));
    }
  };
  useEffect(() => {
    read();
  }, []);
  return html`<h1 tabindex="-1">${t("page.programme")}</h1>
    <div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
    ${fault && html`<${Act} class="button" type="button" act=${read}>${t("again")}<//>`}
    ${!known && !fault && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    ${known && html`<${Desk} key=${visit} known=${known} again=${read} filters=${filters} />`}`;
}

function Desk({ known, again, filters }) {
  const { listed, proposals } = known;
  const [draft, setDraft] = useState(known.draft);
  const [isChanged, setChanged] = useState(known.isKept);
  const check = useCheck(draft.text);
  const [tab, setTab] = useState(TABS.find((each) => filters === `tab=${each}`) ?? TABS[0]);
  const row = useTabs(tab);
  const control = useRef(null);
  const choose = (name) => {
    setTab(name);
    noteFilters(name === TABS[0] ? "" : `tab=${name}`);
  };
  const write = (text, base = draft.base) => {
    setDraft({ text, base });
    setChanged(true);
    keepDraft(text, base);
  };
  const load = (text, version) => {
    write(text, listed.current);
    control.current?.replace(text);
    choose("changes");
    toast(t("version.loaded", { version }));
  };
  const drop = async () => {
    forgetDraft();
    await again();
  };
  const sent = async () => {
    forgetDraft();
    await again();
  };
  const faults = check.result ? [...check.result.faults, ...check.result.warnings.map(warned)] : [];
  const props = { draft, check, faults, listed, load, control };
  return html`<${Head} known=${known} draft=${draft} check=${check} isChanged=${isChanged} drop=${drop} sent=${sent} rebase=${() => write(draft.text, listed.current)} />
    <${Proposals} proposals=${proposals} again=${again} published=${again} />
    <div class="workbench">
      <${Editor} text=${draft.text} faults=${faults} onInput=${(text) => write(text)} control=${control} />
      <section class="card stack beside" aria-label=${t("beside")}>
        <div class="segments tabs" ref=${row} role="group" aria-label=${t("beside")}>
          ${TABS.map(
            (
              name,
            ) => html`<button key=${name} type="button" aria-pressed=${String(tab === name)} onClick=${() => choose(name)}>
              ${t(`tab.${name}`)}${name === "faults" && check.result?.faults.length > 0 && html` <span class="count">${check.result.faults.length}</span>`}
            </button>`,
          )}
        </div>
        <${Beside} tab=${tab} ...${props} />
      </section>
    </div>`;
}

const warned = (each) => ({ ...each, isWarning: true });

/* What a draft is told a moment after the last key: `result` is of `text` once `isCurrent`. */
function useCheck(text) {
  const [state, setState] = useState({ result: null, of: null, fault: "" });
  useEffect(() => {
    let isGone = false;
    const look = async () => {
      try {
        const { programmeCheck } = await ask(CHECK, { text });
        if (!isGone) setState({ result: programmeCheck, of: text, fault: "" });
      } catch (error) {
        if (isGone) return;
        setState((before) => ({
          ...before,
          fault: error.code === "BAD_INPUT" ? t("check.large") : say(error),
        }));
        if (error.code === "BUSY") timer = setTimeout(look, 2 * PAUSE_MS);
      }
    };
    let timer = setTimeout(look, state.of === null ? 0 : PAUSE_MS);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [text]);
  return { ...state, isCurrent: state.of === text };
}

function Head({ known, draft, check, isChanged, drop, sent, rebase }) {
  const { listed } = known;
  const [rules] = listed.versions;
  const isOvertaken = draft.base !== listed.current;
  const isSound = check.isCurrent && check.result.isSound;
  const publish = () => openSheet(t("propose"), Proposing, { ...draft, done: sent });
  return html`<div class="row spread wrap">
      <p class="quiet">
        ${t("rules", { version: listed.current, at: instant(rules.publishedAt, desk.timezone) })}${rules.note && ` – ${rules.note}`}
      </p>
      <div class="row wrap">
        ${isChanged && html`<${Act} class="button" type="button" act=${drop}>${t("drop")}<//>`}
        <button class="button" type="button" onClick=${() => download(draft.text, draft.base)}><${Icon} name="download" />${t("version.save")}</button>
        ${
          !listed.isForShell &&
          html`<button class="button primary" type="button" disabled=${!isSound || isOvertaken} onClick=${publish}>${t("propose")}</button>`
        }
      </div>
    </div>
    ${listed.isForShell && html`<${Notice} icon="lock" text=${t("shell")}><br /><code class="code">selo programme publish FILE</code><//>`}
    ${
      isOvertaken &&
      html`<${Notice} kind="bad" icon="alert" text=${t("overtaken", { base: draft.base, version: listed.current })}>
        <br /><button class="button" type="button" onClick=${rebase}>${t("overtaken.go", { version: listed.current })}</button>
      <//>`
    }`;
}

function Beside({ tab, draft, check, faults, listed, load, control }) {
  const [fault, setFault] = useState("");
  const tell = async (act) => {
    setFault("");
    try {
      await act();
    } catch (error) {
      setFault(say(error));
    }
  };
  const goTo = (line, column) => control.current?.goTo(line, column);
  if (tab === "changes")
    return html`<${Difference} base=${listed.current} text=${check.of ?? draft.text} goTo=${goTo} />`;
  if (tab === "story")
    return html`<${Story} text=${draft.text} isSound=${check.isCurrent && check.result.isSound} />`;
  if (tab === "past")
    return html`<${Past} text=${draft.text} isSound=${check.isCurrent && check.result.isSound} goTo=${goTo} />`;
  if (tab === "pictures") return html`<${Pictures} />`;
  if (tab === "versions")
    return html`<div aria-live="assertive"><${Notice} kind="bad" icon="cloud" text=${fault} /></div>
      <${Versions} listed=${listed} load=${load} tell=${tell} />`;
  return html`<${Faults} check=${check} faults=${faults} goTo=${goTo} />`;
}

function Faults({ check, faults, goTo }) {
  const { result } = check;
  if (check.fault) return html`<${Notice} kind="bad" icon="cloud" text=${check.fault} />`;
  if (!result) return html`<div class="skeleton" role="status" aria-label=${t("loading")}></div>`;
  return html`<p role="status" class=${result.isSound ? "verdict plus" : "verdict minus"}>
      <${Icon} name=${result.isSound ? "check" : "alert"} />
      <strong>${result.isSound ? t("check.sound") : t("check.faults", { count: result.faults.length })}</strong>
      ${!check.isCurrent && html`<span class="quiet small">${t("check.again")}</span>`}
    </p>
    ${
      faults.length > 0 &&
      html`<ul class="lines faults">
        ${faults.map(
          (each, place) => html`<li key=${place}>
            <button class="button plain small-button" type="button" onClick=${() => goTo(each.line, each.column)}>${t("line", { line: each.line })}</button>
            <div class="grow">
              <p>${each.isWarning && html`<span class="chip gold">${t("check.warning")}</span> `}<code class="code small">${each.path}</code></p>
              <p>${each.message}</p>
              <p class="small quiet">${each.remedy}</p>
            </div>
          </li>`,
        )}
      </ul>`
    }
    ${
      result.inactive.length > 0 &&
      html`<div class="small quiet"><p>${t("check.inactive")}</p>
        <ul class="missing">${result.inactive.map((sentence) => html`<li key=${sentence} lang="en">${sentence}</li>`)}</ul></div>`
    }
    ${
      result.missingTexts.length > 0 &&
      html`<details class="small"><summary>${t("check.missing", { count: result.missingTexts.length })}</summary>
        <ul class="missing">
          ${result.missingTexts.map((each, place) => html`<li key=${place}><button class="button plain small-button" type="button" onClick=${() => goTo(each.line)}>${t("line", { line: each.line })}</button> ${each.locale} <code class="code">${each.path}</code></li>`)}
        </ul></details>`
    }`;
}
