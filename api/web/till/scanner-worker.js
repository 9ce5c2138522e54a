/* Reads QR codes off the page's main thread. One frame in, one answer out. */

importScripts("/vendor/zxing-reader-3.1.4.js");

ZXingWASM.prepareZXingModule({
  overrides: { locateFile: (name) => (name.endsWith(".wasm") ? "/vendor/zxing-reader-3.1.4.wasm" : name) },
});

const OPTIONS = {
  formats: ["QRCode"],
  maxNumberOfSymbols: 1,
  tryHarder: true,
  tryRotate: true,
  tryInvert: false,
  tryDownscale: true,
};

self.onmessage = async ({ data: { pixels, width, height } }) => {
  try {
    const [found] = await ZXingWASM.readBarcodes(
      new ImageData(new Uint8ClampedArray(pixels), width, height),
      OPTIONS,
    );
    self.postMessage({ text: found?.isValid ? found.text : null });
  } catch (error) {
    self.postMessage({ text: null, fault: error.message });
  }
};
