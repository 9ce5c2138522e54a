/* The camera: one frame in flight to the worker, the same code ignored for 5 seconds, off whenever the page
   is not seen. One that ends, stands still, or does not come back is told by the screen, and tried again once
   there is hope: a camera was plugged in, or the browser lets the page use it. */

const SAME_CODE_MS = 5000;
const PASSED_MS = 10_000;
const PAUSE_MS = 60;
/* A picture that stands still for so long has ended: the system gave the camera to another app. */
const STILL_MS = 5000;
/* A reader that failed so often in a row cannot be loaded. */
const FAULTS = 3;
const FAULT_PAUSE_MS = 1000;
/* A camera that ends sooner after its start would only end again. */
const HOPE_MS = 10_000;
const recent = { text: "", at: 0 };
let worker = null;

/** A sentence of the page's own for each way in which a camera can refuse. */
export function faultKey(error) {
  const known = [
    "NotAllowedError",
    "NotFoundError",
    "NotReadableError",
    "OverconstrainedError",
    "SecurityError",
    "AbortError",
    "EndedError",
    "StillError",
    "ReaderError",
  ];
  return known.includes(error.name) ? `camera.${error.name}` : "camera.other";
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

function camera(name, message) {
  return Object.assign(new Error(message), { name });
}

export class Scanner {
  #stream = null;
  #running = false;
  #wanted = false;
  #canvas = document.createElement("canvas");
  #moved = { time: 0, at: 0 };
  #faults = 0;
  #startedAt = 0;
  #turn = 0;
  #listeners = new AbortController();

  /** `video` shows the picture, `found(text)` is told each code, `lost(error)` that the camera ended without
   * being asked to, and `back()` that it runs again. */
  constructor(video, { found, lost, back }) {
    Object.assign(this, { video, found, lost, back });
    const { signal } = this.#listeners;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.stop() : this.#again()), {
      signal,
    });
    addEventListener("pageshow", () => this.#again(), { signal });
    navigator.mediaDevices?.addEventListener("devicechange", () => this.#again(), { signal });
    navigator.permissions
      ?.query({ name: "camera" })
      .then((permission) =>
        permission.addEventListener("change", () => permission.state === "granted" && this.#again(), {
          signal,
        }),
      )
      .catch(() => {}); // a browser that tells of no permissions
  }

  async start(deviceId) {
    if (!navigator.mediaDevices?.getUserMedia) throw camera("SecurityError", "no camera here");
    this.#wanted = true;
    this.deviceId = deviceId;
    const turn = ++this.#turn;
    const where = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "environment" };
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...where, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    // Hidden, left, or started once more meanwhile: that one counts.
    if (!this.#wanted || turn !== this.#turn || document.hidden) return end(stream);
    this.#release();
    this.#stream = stream;
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", () => this.#lose(stream, camera("EndedError", "the camera ended")));
    this.video.srcObject = stream;
    await this.video.play();
    if (!this.#wanted || this.#stream !== stream) return;
    this.#startedAt = performance.now();
    this.#moved = { time: -1, at: this.#startedAt };
    this.#running = true;
    this.#loop(stream);
  }

  /** Stop for good: the screen is left. */
  close() {
    this.#wanted = false;
    this.#listeners.abort();
    this.stop();
  }

  stop() {
    this.#turn++;
    this.#running = false;
    this.#release();
  }

  /* Start again what was started before, where it does not run. */
  async #again() {
    if (!this.#wanted || this.#stream || document.hidden) return;
    try {
      await this.start(this.deviceId);
      if (this.#running) this.back();
    } catch (error) {
      // Another try, begun since, says how it went itself.
      if (!this.#wanted || this.#stream) return;
      this.lost(error);
      // The chosen camera is unplugged: any other is better.
      if (this.deviceId && error.name === "OverconstrainedError") {
        this.deviceId = "";
        await this.#again();
      }
    }
  }

  #lose(stream, error) {
    if (this.#stream !== stream) return;
    this.stop();
    this.lost(error);
    if (performance.now() - this.#startedAt > HOPE_MS) this.#again();
  }

  /** Read the same code again at once, because something else has been done since. */
  static forget() {
    recent.text = "";
  }

  /** Do not read a code again that was dealt with a moment ago: the phone is still held up. */
  static pass(text) {
    Object.assign(recent, { text, at: performance.now() + PASSED_MS });
  }

  async cameras() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter((device) => device.kind === "videoinput");
  }

  get torch() {
    return Boolean(this.#stream?.getVideoTracks()[0]?.getCapabilities?.().torch);
  }

  light(on) {
    return this.#stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
  }

  #release() {
    if (this.#stream) end(this.#stream);
    this.#stream = null;
    this.video.srcObject = null;
  }

  async #loop(stream) {
    while (this.#running && this.#stream === stream) {
      if (this.#isStill()) return this.#lose(stream, camera("StillError", "the picture stands still"));
      const text = this.video.videoWidth ? await this.#read() : null;
      if (!this.#running || this.#stream !== stream) return;
      if (text && (text !== recent.text || performance.now() - recent.at > SAME_CODE_MS)) {
        Object.assign(recent, { text, at: performance.now() });
        this.found(text);
      }
      await new Promise((resolve) => setTimeout(resolve, this.#faults ? FAULT_PAUSE_MS : PAUSE_MS));
    }
  }

  #isStill() {
    const { currentTime: time } = this.video;
    const now = performance.now();
    if (time !== this.#moved.time) this.#moved = { time, at: now };
    return now - this.#moved.at > STILL_MS;
  }

  async #read() {
    const { text, fault } = await this.#decode();
    if (!fault && this.#faults >= FAULTS) this.back();
    this.#faults = fault ? this.#faults + 1 : 0;
    if (this.#faults === FAULTS) this.lost(camera("ReaderError", fault));
    return text;
  }

  #decode() {
    worker ??= new Worker("/till/scanner-worker.js");
    const { videoWidth: width, videoHeight: height } = this.video;
    Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data.buffer;
    return new Promise((resolve) => {
      // One that could not be loaded, for want of a network, is loaded anew.
      const dropWorker = (fault) => {
        worker?.terminate();
        worker = null;
        resolve({ text: null, fault });
      };
      worker.onmessage = ({ data }) => (data.fault ? dropWorker(data.fault) : resolve(data));
      worker.onerror = (event) => dropWorker(event.message || "the reader does not load");
      worker.postMessage({ pixels, width, height }, [pixels]);
    });
  }
}
