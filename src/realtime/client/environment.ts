/** Ends a timer that has not run out yet. */
export type Cancel = () => void;

/** All that the client asks of the browser, in one place: the specs bring their own clock, dice and microphone. */
export interface Environment {
  /** Where this module was loaded from: its neighbours and the gateway's root are found by it. */
  readonly moduleUrl: string;
  fetch(url: string, init: RequestInit): Promise<Response>;
  openSocket(url: string, protocols: readonly string[]): WebSocket;
  /** Milliseconds that only ever grow. */
  now(): number;
  /** Unix time, milliseconds. */
  time(): number;
  /** From 0 up to 1. */
  random(): number;
  /** Runs something once, after some milliseconds. */
  after(ms: number, run: () => void): Cancel;
  createAudioContext(): AudioContext;
  /** Asks the person for the microphone. */
  askForMicrophone(): Promise<MediaStream>;
  createWorkletNode(context: AudioContext, name: string): AudioWorkletNode;
}

/** The browser's own. */
export const browser: Environment = {
  moduleUrl: import.meta.url,
  fetch: (url, init) => fetch(url, init),
  openSocket: (url, protocols) => new WebSocket(url, [...protocols]),
  now: () => performance.now(),
  time: () => Date.now(),
  random: () => Math.random(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  createAudioContext: () => new AudioContext({ latencyHint: 'interactive' }),
  askForMicrophone: () =>
    navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    }),
  createWorkletNode: (context, name) =>
    new AudioWorkletNode(context, name, { numberOfInputs: 1, numberOfOutputs: 0, channelCountMode: 'max' }),
};
