// The setup files are JavaScript, since they run before (and without) Jest's transform.
declare module '*/loopback-only.mjs' {
  export function takeAttempts(): string[];
}
declare module '*/fail-on-network.mjs' {
  export function takeNotes(folder?: string): string[];
}
