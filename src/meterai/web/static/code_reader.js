// The page that reads 2-D codes: camera or picture in, results out. Nothing is sent anywhere.
const root = document.getElementById("pembaca");
const part = (name) => root.querySelector(`[data-${name}]`);
const results = document.getElementById("hasil");
const video = part("video");
const canvas = document.createElement("canvas");
const pen = canvas.getContext("2d", { willReadFrequently: true });
const PICTURE_SIDES_PX = [1400, 2800, 5000]; // small first: quick, and kinder to noisy photos
const FRAME_PAUSE_MS = 120;
const GATHER_MS = 700; // after the first code, for others on the same page
let preparing;
let zxing;
let stream = null;

// The means: our own reader of texts, the signature check, and what finds codes in pictures.

/** Loads what is needed once; again after a failure. A browser with a QR reader of its own needs no zxing at first. */
function prepare() {
  preparing ??= load().catch((error) => {
    preparing = undefined;
    throw error;
  });
  return preparing;
}

async function load() {
  say("loading");
  const { judge, makeVerifier } = await import(root.dataset.code);
  const native = await nativeDetector();
  const verify = await makeVerifier(JSON.parse(root.dataset.keys), () => import(root.dataset.ed25519));
  if (!native) await loadZxing();
  if (root.dataset.state === "loading") say("idle");
  return { native, judge: (text) => judge(text, verify) };
}

async function nativeDetector() {
  try {
    const formats = await BarcodeDetector.getSupportedFormats();
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

function loadZxing() {
  zxing ??= startZxing().catch((error) => {
    zxing = undefined;
    throw error;
  });
  return zxing;
}

async function startZxing() {
  const script = Object.assign(document.createElement("script"), { src: root.dataset.zxing });
  const loaded = new Promise((done, failed) => Object.assign(script, { onload: done, onerror: failed }));
  document.head.append(script);
  await loaded;
  const overrides = { locateFile: () => root.dataset.wasm };
  await ZXingWASM.prepareZXingModule({ overrides, fireImmediately: true });
  part("prepare").hidden = true;
  part("ready").hidden = false;
}

/** The texts of all QR codes on the canvas. */
async function findCodes(native, thorough) {
  const quick = native ? await native.detect(canvas).catch(() => []) : [];
  if (quick.length || (native && !thorough)) return quick.map((found) => found.rawValue);
  await loadZxing();
  const image = pen.getImageData(0, 0, canvas.width, canvas.height);
  const found = await ZXingWASM.readBarcodes(image, { formats: ["QRCode"], tryHarder: true });
  return found.filter((code) => code.isValid).map((code) => code.text);
}

function draw(source, width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  pen.fillStyle = "#fff"; // pictures with a transparent ground
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(source, 0, 0, canvas.width, canvas.height);
}

// A picture.

async function readPicture(file) {
  if (file.type === "application/pdf") return say("pdf");
  const tools = await prepare();
  say("looking");
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return say("no_picture");
  const { width, height } = picture;
  const texts = new Set();
  for (const side of PICTURE_SIDES_PX) {
    draw(picture, width, height, side);
    for (const text of await findCodes(tools.native, true)) texts.add(text);
    if (Math.max(width, height) <= side) break;
  }
  picture.close();
  await show(texts, tools);
}

// The camera.

async function readCamera() {
  if (stream) return stopCamera();
  if (root.dataset.state === "asking") return undefined;
  results.replaceChildren();
  try {
    const tools = await prepare();
    say("asking");
    const wanted = { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    const texts = await watch(tools);
    if (texts.size) await show(texts, tools);
  } catch (error) {
    fail(error);
  }
  return stopCamera();
}

async function watch(tools) {
  const mine = stream;
  video.srcObject = mine;
  part("viewfinder").hidden = false;
  part("camera").textContent = part("camera").dataset.stop;
  await video.play();
  say("scanning");
  const texts = new Set();
  let first = 0;
  while (stream === mine && !(first && performance.now() - first > GATHER_MS)) {
    if (video.videoWidth) {
      draw(video, video.videoWidth, video.videoHeight, 1280);
      for (const text of await findCodes(tools.native, false)) texts.add(text);
      if (texts.size) first ||= performance.now();
    }
    await new Promise((next) => setTimeout(next, FRAME_PAUSE_MS));
  }
  return stream === mine ? texts : new Set();
}

function stopCamera() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  part("viewfinder").hidden = true;
  part("camera").textContent = part("camera").dataset.start;
  if (root.dataset.state === "scanning") say("idle");
}

// What is said.

/** Shows the sentence of a state; every sentence stands in the page, in its language. */
function say(state) {
  root.dataset.state = state;
  for (const line of root.querySelectorAll("[data-say]")) line.hidden = line.dataset.say !== state;
}

const CAMERA_FAULTS = { NotAllowedError: "camera_denied", SecurityError: "camera_denied", NotReadableError: "camera_busy", NotFoundError: "no_camera", OverconstrainedError: "no_camera" };

function fail(error) {
  say(CAMERA_FAULTS[error?.name] ?? "not_loaded");
}

const ORDER = ["genuine", "forged", "unknown_key", "newer", "unreadable", "foreign"];

async function show(texts, tools) {
  const codes = await Promise.all([...texts].map(tools.judge));
  if (!codes.length) return say("none");
  codes.sort((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome));
  say("done");
  results.replaceChildren(...codes.map(card));
  if (codes.length > 1) {
    const many = document.getElementById("banyak").content.cloneNode(true);
    many.querySelector("[data-number]").textContent = codes.length;
    results.prepend(many);
  }
  results.focus();
}

function card(code) {
  const node = document.getElementById(`kode-${code.outcome}`).content.cloneNode(true);
  const fill = (name, text) => node.querySelectorAll(`[data-${name}]`).forEach((place) => (place.textContent = text));
  fill("text", code.text.slice(0, 200));
  if (!code.serial) return node;
  fill("serial", code.serial.match(/.{1,4}/g).join(" "));
  const dates = document.documentElement.lang === "id" ? "id-ID" : "en-GB";
  fill("day", new Intl.DateTimeFormat(dates, { dateStyle: "long", timeZone: "UTC" }).format(code.day));
  fill("key", code.keyId);
  fill("host", code.host);
  const ours = [location.host, new URL(root.dataset.base).host].includes(code.host);
  for (const warning of node.querySelectorAll("[data-elsewhere]")) warning.hidden = ours;
  for (const link of node.querySelectorAll("[data-register]")) link.href += code.serial;
  return node;
}

// The page comes to life.

if (!isSecureContext || !crypto.subtle) {
  say("insecure");
} else {
  part("means").hidden = false;
  part("camera").hidden = !navigator.mediaDevices;
  say("idle");
  const chooser = part("picture");
  part("camera").addEventListener("click", readCamera);
  part("prepare").querySelector("button").addEventListener("click", () => prepare().then(loadZxing).catch(fail));
  chooser.addEventListener("click", () => prepare().catch(fail)); // loads while the person looks for the picture
  chooser.addEventListener("change", () => {
    const [file] = chooser.files;
    results.replaceChildren();
    if (file) readPicture(file).catch(fail).finally(() => (chooser.value = ""));
  });
  document.addEventListener("visibilitychange", () => document.hidden && stopCamera());
}
root.hidden = false;
