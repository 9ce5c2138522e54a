/* The editor of the programme file: Ace, fetched when the page is opened. It runs under the policy of every page:
   its style sheet is adopted by the document, and nothing of it is evaluated or fetched elsewhere. */

import { html, useEffect, useRef, useState } from "/shared/preact.js";
import { Field } from "/shared/ui.js";
import { t } from "/shared/words.js";

const SCRIPTS = ["ace-1.45.2.js", "ace-yaml-1.45.2.js", "ace-searchbox-1.45.2.js"];
const SHEETS = ["ace/css/editor-css", "ace/ext/searchbox-css"];
/* What the library says by itself, by its own names: in the page's language. */
const SAYINGS = {
  "text-input.aria-label": "editor.row",
  "text-input.aria-roledescription": "editor.kind",
  "editor.scroller.aria-roledescription": "editor.kind",
  "editor.scroller.aria-label": "editor.enter",
  "editor.gutter.aria-roledescription": "editor.gutter",
  "editor.gutter.aria-label": "editor.gutter.enter",
  "gutter.annotation.aria-label.error": "editor.fault",
  "gutter.annotation.aria-label.warning": "editor.warning",
  "search-box.find.placeholder": "editor.find",
  "search-box.find-all.text": "editor.all",
  "search-box.replace.placeholder": "editor.replacement",
  "search-box.replace-next.text": "editor.replace",
  "search-box.replace-all.text": "editor.replace.all",
  "search-box.toggle-replace.title": "editor.replacing",
  "search-box.toggle-regexp.title": "editor.pattern",
  "search-box.toggle-case.title": "editor.case",
  "search-box.toggle-whole-word.title": "editor.word",
  "search-box.toggle-in-selection.title": "editor.selection",
  "search-box.search-counter": "editor.count",
};
let library = null;

function fetchScript(name) {
  const script = document.createElement("script");
  script.src = `/vendor/${name}`;
  script.async = false;
  return new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => {
      script.remove();
      reject(new TypeError(`no script ${name}`));
    };
    document.head.append(script);
  });
}

/* Fetch the library once; what failed is fetched anew the next time. */
function fetchLibrary() {
  library ??= Promise.all(SCRIPTS.map(fetchScript))
    .then(() => {
      const { ace } = window;
      ace.config.set("useStrictCSP", true);
      ace.config.setDefaultValue("session", "useWorker", false);
      ace.config.setMessages(
        Object.fromEntries(Object.entries(SAYINGS).map(([name, key]) => [name, t(key)])),
        { placeholders: "dollarSigns" },
      );
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(SHEETS.map((name) => ace.require(name)).join("\n"));
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      ace.define("ace/theme/selo", ["require", "exports"], (_, theme) => {
        Object.assign(theme, { isDark: false, cssClass: "ace-selo", cssText: "" });
      });
      return ace;
    })
    .catch((error) => {
      library = null;
      throw error;
    });
  return library;
}

function open(ace, host, text, onInput) {
  const editor = ace.edit(host, {
    mode: "ace/mode/yaml",
    theme: "ace/theme/selo",
    tabSize: 2,
    useSoftTabs: true,
    showPrintMargin: false,
    enableKeyboardAccessibility: true,
    showFoldWidgets: false,
    fontSize: 14,
    wrap: true,
    scrollPastEnd: 0.3,
  });
  editor.session.setValue(text);
  editor.on("change", () => onInput(editor.getValue()));
  return editor;
}

/* Mark faults in the gutter and beneath their lines. */
function mark(editor, faults, markers) {
  editor.session.setAnnotations(
    faults.map((fault) => ({
      row: fault.line - 1,
      column: fault.column - 1,
      text: `${fault.path}: ${fault.message} → ${fault.remedy}`,
      type: fault.isWarning ? "warning" : "error",
    })),
  );
  for (const marker of markers.splice(0)) editor.session.removeMarker(marker);
  const { Range } = window.ace.require("ace/range");
  for (const { line, isWarning } of faults)
    markers.push(
      editor.session.addMarker(
        new Range(line - 1, 0, line - 1, 1),
        isWarning ? "warned-line" : "faulty-line",
        "fullLine",
      ),
    );
}

/** The editor, with `faults` at their lines; `control` is given `goTo(line, column)` and `replace(text)`. Where the
 * library does not come, a plain field does. */
export function Editor({ text, faults, onInput, control }) {
  const host = useRef(null);
  const held = useRef({ editor: null, markers: [], onInput });
  held.current.onInput = onInput;
  const [state, setState] = useState("loading");
  useEffect(() => {
    let isGone = false;
    fetchLibrary().then(
      (ace) => {
        if (isGone) return;
        held.current.editor = open(ace, host.current, text, (value) => held.current.onInput(value));
        setState("open");
      },
      () => !isGone && setState("plain"),
    );
    return () => {
      isGone = true;
      held.current.editor?.destroy();
    };
  }, []);
  useEffect(() => {
    if (state === "open") mark(held.current.editor, faults, held.current.markers);
  }, [faults, state]);
  useEffect(() => {
    control.current = {
      goTo(line, column = 1) {
        held.current.editor?.gotoLine(line, column - 1, false);
        held.current.editor?.focus();
      },
      replace(value) {
        held.current.editor?.session.setValue(value);
      },
    };
  }, []);
  if (state === "plain")
    return html`<${Field}
      as="textarea"
      class="plain-editor code"
      rows="24"
      spellcheck=${false}
      label=${t("editor")}
      value=${text}
      onInput=${(event) => onInput(event.target.value)}
    />`;
  return html`<div class="editor">
    ${state === "loading" && html`<div class="skeleton tall" role="status" aria-label=${t("loading")}></div>`}
    <div class="ace-host" ref=${host}></div>
  </div>`;
}
