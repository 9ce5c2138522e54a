/* Pictures for rewards, badges and tiers: one is made small on this device, sent, and has an address for the file. */

import { number } from "/shared/format.js";
import { toast } from "/shared/passing.js";
import { html, useState } from "/shared/preact.js";
import { Act, Field, Notice } from "/shared/ui.js";
import { t } from "/shared/words.js";
import { ask } from "../console.js";
import { say } from "../faults.js";
import { Reading, useReading } from "../reading.js";
import { ADD_PICTURE, PICTURES } from "./queries.js";

const MOST_BYTES = 180_000;
/* What is tried in turn until it is small enough: the longest side, and the quality. */
const TRIES = [
  [1024, 0.9],
  [1024, 0.75],
  [1024, 0.5],
  [720, 0.6],
  [480, 0.5],
];

/* The file as it is where it is small enough, else drawn smaller; null where it is no picture that a browser knows. */
async function smallEnough(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) return null;
  if (file.size <= MOST_BYTES) return file;
  const canvas = document.createElement("canvas");
  for (const [side, quality] of TRIES) {
    const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/webp", quality));
    if (blob && blob.size <= MOST_BYTES) return blob;
  }
  return null;
}

async function base64Of(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

export function Pictures() {
  const reading = useReading(async () => (await ask(PICTURES)).programmePictures, []);
  const [fault, setFault] = useState("");
  const choose = async (event) => {
    setFault("");
    const [file] = event.target.files;
    if (!file) return;
    try {
      const small = await smallEnough(file);
      if (!small) return setFault(t("picture.bad"));
      const { answer } = await ask(ADD_PICTURE, { input: { content: await base64Of(small) } });
      if (answer.message) return setFault(answer.message);
      toast(t("picture.added"));
      reading.again();
    } catch (error) {
      setFault(error.code === "BAD_INPUT" ? t("picture.bad") : say(error));
    }
  };
  return html`<p class="quiet">${t("picture.hint")}</p>
    <${Field} type="file" label=${t("picture.file")} name="picture" accept="image/png,image/jpeg,image/webp" onChange=${choose} />
    <div aria-live="assertive"><${Notice} kind="bad" icon="close" text=${fault} /></div>
    <${Reading} reading=${reading}>${(pictures) =>
      pictures.length
        ? html`<ul class="lines pictures">${pictures.map((each) => html`<li key=${each.address}><${Picture} each=${each} /></li>`)}</ul>`
        : html`<p class="empty quiet">${t("picture.none")}</p>`}<//>`;
}

function Picture({ each }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(each.address);
      toast(t("picture.copied"));
    } catch {
      toast(t("picture.uncopied"));
    }
  };
  return html`<img src=${each.address} alt="" width="72" height="72" loading="lazy" />
    <span class="grow stack tight">
      <code class="code small">${each.address}</code>
      <small class="quiet">${t("picture.of", { width: number(each.width), height: number(each.height), name: each.addedBy })}</small>
      <span class="row wrap tight-row">
        <${Act} class="button plain" type="button" act=${copy}>${t("picture.copy")}<//>
      </span>
    </span>`;
}
