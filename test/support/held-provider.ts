import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the provider says where it speaks: an MP3 by its first bytes. */
export const HELD_AUDIO = Buffer.concat([Buffer.from('ID3'), Buffer.alloc(400_000, 1)]);

/** An AI and voice provider whose answers can be held back. */
export class HeldProvider {
  private readonly held = new Set<ServerResponse>();
  private isHolding = false;
  private readonly server = createServer((req, res) => {
    req.resume().on('end', () => {
      this.held.add(res);
      res.once('close', () => this.held.delete(res));
      if (!this.isHolding) answer(res);
    });
  });

  /** Requests that have arrived whole and are not answered. */
  get waiting(): number {
    return this.held.size;
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  hold(): void {
    this.isHolding = true;
  }

  release(): void {
    this.isHolding = false;
    for (const res of this.held) answer(res);
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function answer(res: ServerResponse): void {
  if (res.req.url?.includes('-to-speech/') === true) {
    res.setHeader('Content-Type', 'audio/mpeg').end(HELD_AUDIO);
    return;
  }
  const message = { role: 'assistant', content: 'said' };
  res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ text: 'heard', choices: [{ message }] }));
}
