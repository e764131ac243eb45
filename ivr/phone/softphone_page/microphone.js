// Gathers 20 ms of the microphone (8 kHz: the audio context runs at that rate) and sends it to the page.
class Microphone extends AudioWorkletProcessor {
  constructor() {
    super();
    this.samples = new Float32Array(160);
    this.filled = 0;
  }

  process(inputs) {
    const channel = inputs[0][0];
    if (channel) {
      for (const sample of channel) {
        this.samples[this.filled++] = sample;
        if (this.filled === this.samples.length) {
          this.port.postMessage(this.samples.slice());
          this.filled = 0;
        }
      }
    }
    return true;
  }
}

registerProcessor("microphone", Microphone);
