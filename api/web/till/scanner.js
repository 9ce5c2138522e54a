/* The camera: one frame in flight to the worker, the same code ignored for 5 seconds, off whenever the page
   is not seen. */

const SAME_CODE_MS = 5000;
const PASSED_MS = 10_000;
const PAUSE_MS = 60;
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
  ];
  return known.includes(error.name) ? `camera.${error.name}` : "camera.other";
}

function end(stream) {
  for (const track of stream.getTracks()) track.stop();
}

export class Scanner {
  #stream = null;
  #running = false;
  #canvas = document.createElement("canvas");

  /** `video` shows the picture, `found(text)` is told each code. */
  constructor(video, found) {
    this.video = video;
    this.found = found;
    this.onhide = () => {
      if (document.hidden) this.stop();
      else if (this.wanted) this.start(this.deviceId).catch(() => {});
    };
    document.addEventListener("visibilitychange", this.onhide);
  }

  async start(deviceId) {
    if (!navigator.mediaDevices?.getUserMedia)
      throw Object.assign(new Error("no camera here"), { name: "SecurityError" });
    this.wanted = true;
    this.deviceId = deviceId;
    const where = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "environment" };
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { ...where, width: { ideal: 1280 }, height: { ideal: 720 } },
    });
    if (!this.wanted) return end(stream);
    this.#release();
    this.#stream = stream;
    this.video.srcObject = stream;
    await this.video.play();
    if (!this.wanted) return;
    this.#running = true;
    this.#loop();
  }

  /** Stop for good: the screen is left. */
  close() {
    this.wanted = false;
    document.removeEventListener("visibilitychange", this.onhide);
    this.stop();
  }

  stop() {
    this.#running = false;
    this.#release();
  }

  /** Read the same code again at once, because something else has been done since. */
  static forget() {
    recent.text = "";
  }

  /** Do not read a code again that was dealt with a moment ago: the phone is still held up. */
  static pass(text) {
    Object.assign(recent, { text, at: Date.now() + PASSED_MS });
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

  async #loop() {
    while (this.#running) {
      const text = this.video.videoWidth ? await this.#read() : null;
      if (!this.#running) return;
      if (text && (text !== recent.text || Date.now() - recent.at > SAME_CODE_MS)) {
        Object.assign(recent, { text, at: Date.now() });
        this.found(text);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  #read() {
    worker ??= new Worker("/till/scanner-worker.js");
    const { videoWidth: width, videoHeight: height } = this.video;
    Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(this.video, 0, 0);
    const pixels = context.getImageData(0, 0, width, height).data.buffer;
    return new Promise((resolve) => {
      worker.onmessage = ({ data }) => resolve(data.text);
      worker.onerror = () => resolve(null);
      worker.postMessage({ pixels, width, height }, [pixels]);
    });
  }
}
