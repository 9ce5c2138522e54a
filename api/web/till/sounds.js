/* A sound and a buzz for what succeeded and what did not: a cashier looks at the customer, not at the
   screen. */

import { prefer } from "./till.js";

let context = null;
const TONES = {
  seen: [[1320, 0, 0.06]],
  good: [
    [660, 0, 0.1],
    [880, 0.1, 0.1],
    [1320, 0.2, 0.18],
  ],
  bad: [
    [220, 0, 0.18],
    [165, 0.2, 0.3],
  ],
};
const BUZZ = { seen: [30], good: [40, 40, 80], bad: [180, 80, 180] };

/** Sound is on unless this device was told otherwise. */
export function soundOn() {
  return prefer("sound") ?? true;
}

export function signal(kind) {
  navigator.vibrate?.(BUZZ[kind]);
  if (!soundOn()) return;
  context ??= new AudioContext();
  // Browsers keep a page silent until it is touched once.
  context.resume().catch(() => {});
  for (const [pitch, from, length] of TONES[kind]) {
    const start = context.currentTime + from;
    const tone = new OscillatorNode(context, {
      type: kind === "bad" ? "sawtooth" : "sine",
      frequency: pitch,
    });
    const volume = new GainNode(context, { gain: 0 });
    volume.gain.setTargetAtTime(0.25, start, 0.01);
    volume.gain.setTargetAtTime(0, start + length - 0.03, 0.015);
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + length + 0.1);
  }
}
