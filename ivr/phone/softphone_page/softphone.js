// The browser as a telephone.  Sound goes out as 20 ms frames of μ-law (ITU-T G.711) and comes back the same way.
"use strict";

const RATE_HZ = 8000;
const BIAS = 132, CLIP = 32635; // G.711: the bias added before the segment is looked up, and the largest level
const element = (id) => document.getElementById(id);
let socket = null, audio = null, microphone = null, playing = [], playedUntil = 0;

function encode(sample) {
  const level = Math.min(CLIP, Math.round(Math.abs(sample) * 32767)) + BIAS;
  const segment = Math.max(0, 24 - Math.clz32(level));
  const sign = sample < 0 ? 0x80 : 0;
  return ~(sign | (segment << 4) | ((level >> (segment + 3)) & 0x0f)) & 0xff;
}

function decode(byte) {
  const code = ~byte & 0xff;
  const level = ((((code & 0x0f) << 3) + BIAS) << ((code & 0x70) >> 4)) - BIAS;
  return (code & 0x80 ? -level : level) / 32768;
}

function play(bytes) {
  const buffer = audio.createBuffer(1, bytes.length, RATE_HZ);
  buffer.getChannelData(0).set(Array.from(bytes, decode));
  const source = audio.createBufferSource();
  source.buffer = buffer;
  source.connect(audio.destination);
  playedUntil = Math.max(playedUntil, audio.currentTime + 0.02);
  source.start(playedUntil);
  playedUntil += buffer.duration;
  playing.push(source);
  source.onended = () => { playing = playing.filter((each) => each !== source); };
}

function silence() {
  for (const source of playing) source.stop();
  playing = [];
  playedUntil = 0;
}

function show(text, kind) {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = text;
  element("turns").append(item);
  item.scrollIntoView({ block: "nearest" });
}

function take(message) {
  if (message.event === "silenced") silence();
  if (message.event === "happened") show(message.text, "happened");
  if (message.event === "turn") {
    const sure = message.confidence === null ? "" : ` (${message.intent || "not understood"}, ${Math.round(message.confidence * 100)} %)`;
    show(`${message.who}: ${message.text}${sure}`, message.who);
  }
  if (message.event === "ended") {
    const result = message.result;
    element("outcome").textContent = result.outcome + (result.reason ? `, reason ${result.reason}` : "") + (result.failure ? `: ${result.failure}` : "");
    element("twiml").textContent = result.transfer && result.transfer.twiml || "The call was over: nothing followed.";
    element("ending").hidden = false;
    over("The call is over.");
  }
}

function over(text) {
  element("status").textContent = text;
  element("call").disabled = false;
  element("hang-up").disabled = true;
  if (microphone) for (const track of microphone.getTracks()) track.stop();
  if (audio) audio.close();
  if (socket && socket.readyState === WebSocket.OPEN) socket.close();
  socket = audio = microphone = null;
  playing = [];
  playedUntil = 0;
}

async function call() {
  element("call").disabled = true;
  element("ending").hidden = true;
  element("turns").replaceChildren();
  try {
    microphone = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: false, autoGainControl: false } });
    audio = new AudioContext({ sampleRate: RATE_HZ });
    await audio.audioWorklet.addModule("microphone.js");
  } catch (error) {
    over(`There is no microphone: ${error.message}`);
    return;
  }
  socket = new WebSocket(`ws://${location.host}/line`);
  socket.binaryType = "arraybuffer";
  const mine = socket;
  socket.onopen = () => {
    const wanted = { line: element("line").value, caller: element("caller").value, advisor: element("advisor").value };
    mine.send(JSON.stringify(wanted));
    const worklet = new AudioWorkletNode(audio, "microphone", { numberOfOutputs: 0 });
    audio.createMediaStreamSource(microphone).connect(worklet);
    worklet.port.onmessage = ({ data }) => {
      element("level").value = Math.max(...data.map(Math.abs));
      if (mine.readyState === WebSocket.OPEN) mine.send(Uint8Array.from(data, encode));
    };
    element("status").textContent = "You are on the line.";
    element("hang-up").disabled = false;
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) { if (audio) play(new Uint8Array(data)); } else take(JSON.parse(data));
  };
  socket.onclose = () => { if (mine === socket) over("The connection was lost."); };
}

for (const key of "123456789*0#") {
  const button = document.createElement("button");
  button.textContent = key;
  button.onclick = () => { if (socket) { socket.send(JSON.stringify({ key })); show(`caller presses ${key}`, "caller"); } };
  element("keys").append(button);
}
element("call").onclick = call;
element("hang-up").onclick = () => { if (socket) socket.send(JSON.stringify({ hang_up: true })); };
fetch("lines").then((answer) => answer.json()).then((lines) => {
  for (const [number, language] of Object.entries(lines)) element("line").append(new Option(`${number} (${language})`, number));
});
