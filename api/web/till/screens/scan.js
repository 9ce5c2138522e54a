/* The first screen: the camera, a field for what is typed or comes from a USB scanner, and what a code turns
   out to be. Also what was begun and not recorded, and who is no member yet. */

import { money } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useEffect, useLayoutEffect, useMemo, useRef, useState } from "/shared/preact.js";
import { serviceWorkers } from "/shared/storage.js";
import { Icon, mount, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { begun, dropDraft } from "../drafts.js";
import { meaning } from "../lookup.js";
import { faultKey, Scanner } from "../scanner.js";
import { signal } from "../sounds.js";
import { go, network, prefer, till } from "../till.js";
import { say } from "./parts.js";

/* Reads as a card does. */
const TRAINING_CARD = `1${"A".repeat(22)}`;

export function scanScreen(element) {
  return mount(html`<${Scan} screen=${element} />`, element);
}

function Scan({ screen }) {
  const code = useRef(null);
  const { looking, refusal, find } = useFinding(screen, code);
  const submit = (event) => {
    event.preventDefault();
    const text = code.current.value.trim();
    code.current.value = "";
    if (text) find(text, true);
  };
  return html`
    <h1 class="unseen" tabindex="-1">${t("scan.title")}</h1>
    <${Begun} />
    <${Lens} find=${find} />
    <div aria-live="assertive">
      ${
        looking
          ? html`<p class="notice looking">
              <span class="spinner"></span><span>${t("scan.looking", { code: looking })}</span>
            </p>`
          : html`<${Notice} kind="bad" icon="close" text=${refusal} />`
      }
    </div>
    <form class="typed" onSubmit=${submit}>
      <label for="code">${t("scan.typed")}</label>
      <div class="row">
        <input
          class="code"
          id="code"
          name="code"
          ref=${code}
          autocomplete="off"
          autocapitalize="none"
          spellcheck="false"
          enterkeyhint="go"
          aria-describedby="code-hint"
        />
        <button class="button" aria-label=${t("scan.go")}><${Icon} name="forward" /></button>
      </div>
      <span class="hint" id="code-hint">${t("scan.typed.hint")}</span>
    </form>
    ${
      till.isTraining &&
      html`<button class="button primary wide" type="button" onClick=${() => find(TRAINING_CARD, true)}>
        <${Icon} name="school" />${t("training.serve")}
      </button>`
    }
    <div class="row wrap beside">
      <button
        class="button grow"
        type="button"
        onClick=${() => openLater(import("./find.js"), "findSheet")}
      >
        <${Icon} name="person" />${t("find")}
      </button>
      <button class="button grow" type="button" onClick=${() => openLater(import("./join.js"), "joinSheet")}>
        <${Icon} name="plus" />${t("join")}
      </button>
    </div>
  `;
}

/* What is wanted now and then is fetched when it is; it needs the network anyway. */
async function openLater(fetching, name) {
  const fetched = await fetching.catch(() => null);
  if (fetched) return fetched[name]();
  network(false);
  return toast(t("fault.network"), "bad");
}

/* ---------------------------------------------------------------- what a code turns out to be */
function useFinding(screen, code) {
  const [state, setState] = useState({ looking: null, refusal: "" });
  /* What is being looked for: nothing once the screen is left, since an answer that comes later is for nobody. */
  const looking = useRef(null);
  useEffect(
    () => () => {
      looking.current = null;
    },
    [],
  );
  const find = async (text, typed = false) => {
    // The camera may see other codes beside the one that is looked for; what somebody types since is meant.
    if (looking.current && (!typed || looking.current.text === text)) return;
    const mine = { text };
    looking.current = mine;
    screen.setAttribute("aria-busy", "true");
    signal("seen");
    setState({ looking: text, refusal: "" });
    const end = (refusal) => {
      looking.current = null;
      screen.removeAttribute("aria-busy");
      if (refusal) signal("bad");
      setState({ looking: null, refusal });
    };
    try {
      const { refusal, screen: next, params } = await meaning(text);
      if (looking.current !== mine) return;
      end(refusal ?? "");
      if (next) go(next, params);
    } catch (error) {
      if (looking.current !== mine) return;
      end(say(error));
      // No answer came: what was typed stands ready to be sent again, unless the screen went with the session.
      if (typed && code.current?.value === "") code.current.value = text;
    }
  };
  return { ...state, find };
}

/* ---------------------------------------------------------------- what was begun */
function Begun() {
  const [draft, setDraft] = useState(begun());
  if (!draft) return null;
  const { basket, params } = draft;
  const name = basket.member.name ?? basket.member.number ?? t("queue.card");
  const total = basket.goods === null ? basket.total : money(basket.goods, basket.currency);
  return html`<div class="notice begun">
    <${Icon} name="pencil" />
    <span class="grow">${t("basket.begun", { name, total })}</span>
    <span class="row">
      <button class="button" type="button" onClick=${() => go("customer", { ...params, basket })}>
        ${t("basket.begun.go")}
      </button>
      <button
        class="button round plain"
        type="button"
        aria-label=${t("basket.begun.drop")}
        onClick=${() => {
          dropDraft();
          setDraft(null);
        }}
      >
        <${Icon} name="close" />
      </button>
    </span>
  </div>`;
}

/* ---------------------------------------------------------------- the camera */
function Lens({ find }) {
  const video = useRef(null);
  const finding = useRef(find);
  finding.current = find;
  const [state, setState] = useState({ isOn: false, isStarting: false, fault: "" });
  const [tools, setTools] = useState({ torch: false, cameras: [] });
  const camera = useMemo(() => ({ scanner: null, isLeft: false }), []);
  const set = (change) => !camera.isLeft && setState((now) => ({ ...now, ...change }));

  const shown = () => {
    prefer("camera-on", true);
    set({ isOn: true, fault: "" });
    const { scanner } = camera;
    scanner
      .cameras()
      .then((cameras) => !camera.isLeft && setTools({ torch: scanner.torch, cameras }))
      .catch(() => {}); // without torch and choice where they cannot be listed
  };
  /* The camera went: it is said why, with the button that starts it, and what else there is. */
  const lost = (error) => {
    set({ fault: t(faultKey(error)), ...(error.name === "ReaderError" ? {} : { isOn: false }) });
  };
  const open = async (deviceId = prefer("camera")) => {
    set({ isStarting: true });
    try {
      await camera.scanner.start(deviceId);
      serviceWorkers()?.controller?.postMessage("keep-later");
      if (!camera.isLeft) shown();
    } catch (error) {
      // The screen was left while the camera started: that says nothing about the camera.
      if (camera.isLeft) return undefined;
      // A camera chosen once and since unplugged must not keep the others away.
      if (deviceId && error.name === "OverconstrainedError") {
        prefer("camera", "");
        return open("");
      }
      // What the person refused, or the device does not have, is not asked for again by itself.
      if (["NotAllowedError", "NotFoundError"].includes(error.name)) prefer("camera-on", false);
      lost(error);
    } finally {
      set({ isStarting: false });
    }
    return undefined;
  };

  useLayoutEffect(() => {
    video.current.muted = true;
    camera.scanner = new Scanner(video.current, {
      found: (text) => finding.current(text),
      lost,
      back: shown,
    });
    if (prefer("camera-on")) open();
    return () => {
      camera.isLeft = true;
      camera.scanner.close();
    };
  }, []);

  return html`
    <div class="lens">
      <div class="finder" hidden=${!state.isOn}>
        <video ref=${video} playsinline muted aria-label=${t("scan.picture")}></video>
        <div class="corners" aria-hidden="true"></div>
        <div class="tools">
          ${tools.torch && html`<${Torch} camera=${camera} />`}
          ${
            tools.cameras.length > 1 &&
            html`<button
              class="button round"
              type="button"
              aria-label=${t("scan.camera")}
              onClick=${() => {
                const at = tools.cameras.findIndex((each) => each.deviceId === camera.scanner.deviceId);
                const { deviceId } = tools.cameras[(at + 1) % tools.cameras.length];
                prefer("camera", deviceId);
                open(deviceId);
              }}
            >
              <${Icon} name="camera" />
            </button>`
          }
        </div>
      </div>
      <button
        class="button primary tall wide"
        type="button"
        hidden=${state.isOn}
        disabled=${state.isStarting}
        onClick=${() => open()}
      >
        <${Icon} name="camera" />${t("scan.start")}
      </button>
    </div>
    <div aria-live="assertive"><${Notice} kind="bad" icon="camera" text=${state.fault} /></div>
  `;
}

function Torch({ camera }) {
  const [isLit, setLit] = useState(false);
  return html`<button
    class="button round"
    type="button"
    aria-label=${t("scan.torch")}
    aria-pressed=${String(isLit)}
    onClick=${async () => {
      await camera.scanner.light(!isLit);
      setLit(!isLit);
    }}
  >
    <${Icon} name="torch" />
  </button>`;
}
