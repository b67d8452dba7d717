/** Samples from -1 to 1 as 16-bit little-endian PCM. */
export function toPcm16(samples: Float32Array): ArrayBuffer {
  const bytes = new ArrayBuffer(samples.length * 2);
  const view = new DataView(bytes);
  samples.forEach((sample, i) => {
    const clipped = Math.max(-1, Math.min(1, sample));
    view.setInt16(i * 2, Math.round(clipped * (clipped < 0 ? 32_768 : 32_767)), true);
  });
  return bytes;
}

/** The reverse; half a sample at the end is dropped. */
export function fromPcm16(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => view.getInt16(i * 2, true) / 32_768);
}

const CHUNK = 8192;

export function toBase64(bytes: ArrayBuffer): string {
  let binary = '';
  for (let i = 0; i < bytes.byteLength; i += CHUNK)
    binary += String.fromCharCode(...new Uint8Array(bytes, i, Math.min(CHUNK, bytes.byteLength - i)));
  return btoa(binary);
}

/** Undefined for what is no base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
