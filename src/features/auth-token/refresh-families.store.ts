import { randomBytes } from 'node:crypto';
import type { SharedState } from '../../state/index.js';
import { type RefreshFamily, parseFamily, printFamily, weigh } from './refresh-family.js';
import {
  hashOf,
  newRefreshToken,
  printRefreshToken,
  type RefreshToken,
  sessionIdOf,
  successorOf,
} from './refresh-token.js';
import { SubjectSessions } from './subject-sessions.js';

/** Rounds of a rotation: each lost one means that somebody else has changed the family meanwhile. */
const MAX_ROUNDS = 4;

/** A refresh token that holds, and whose. */
export interface HeldFamily extends Pick<RefreshFamily, 'subject' | 'credentials' | 'begunAt'> {
  readonly sessionId: string;
}

/**
 * Refresh tokens of all sign-ins, in the shared state: hashes, one entry per sign-in, changed by compare-and-swap, so that
 * of all instances one alone rotates a token. Every method throws StateUnavailableError.
 */
export class RefreshFamilies {
  private readonly sessions: SubjectSessions;

  constructor(
    private readonly state: SharedState,
    /** Makes successors; never stored. */
    private readonly key: Buffer,
    /** Milliseconds that a refresh token lives, from when it was given out. */
    private readonly lifeMs: number,
  ) {
    this.sessions = new SubjectSessions(state, lifeMs);
  }

  /** Begins a family. `dropped`: session ids of families that had to go for it. */
  async begin(
    subject: string,
    credentials: string,
  ): Promise<{ readonly sessionId: string; readonly token: string; readonly dropped: readonly string[] }> {
    const token = newRefreshToken();
    const sessionId = sessionIdOf(token);
    const begunAt = Math.floor(Date.now() / 1000);
    const family: RefreshFamily = { subject, credentials, begunAt, current: hashOf(token) };
    // Before it is listed: whoever drops it from the list finds it there to delete.
    await this.state.set(keyOf(sessionId), printFamily(family), this.lifeMs);
    const dropped = await this.touch(subject, sessionId);
    return { sessionId, token: printRefreshToken(token), dropped };
  }

  /** Whose a token is, without using it up. */
  async look(token: RefreshToken): Promise<HeldFamily | 'unknown' | 'reused'> {
    const sessionId = sessionIdOf(token);
    const family = await this.read(sessionId);
    if (family === undefined) return 'unknown';
    if (weigh(family.value, token, this.key, Date.now()).kind === 'reused') return 'reused';
    const { subject, credentials, begunAt } = family.value;
    return { sessionId, subject, credentials, begunAt };
  }

  /** Uses a token up; answers its successor. */
  async rotate(token: RefreshToken): Promise<{ readonly token: string } | 'unknown' | 'reused'> {
    const sessionId = sessionIdOf(token);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const family = await this.read(sessionId);
      if (family === undefined) return 'unknown';
      const standing = weigh(family.value, token, this.key, Date.now());
      if (standing.kind === 'reused') return 'reused';
      if (standing.kind === 'just-used') return { token: printRefreshToken(standing.successor) };
      const nonce = randomBytes(32).toString('base64url');
      const successor = successorOf(token, nonce, this.key);
      const next: RefreshFamily = {
        ...family.value,
        current: hashOf(successor),
        previous: { hash: family.value.current, nonce, atMs: Date.now() },
      };
      // Before the rotation: a failure after it would use the token up for nothing.
      await this.touch(family.value.subject, sessionId);
      if (await this.state.swap(keyOf(sessionId), family.text, printFamily(next), this.lifeMs))
        return { token: printRefreshToken(successor) };
    }
    return 'unknown';
  }

  /** Ends a family: none of its tokens holds any more. */
  async end(sessionId: string): Promise<void> {
    const family = await this.read(sessionId);
    await this.state.delete(keyOf(sessionId));
    if (family !== undefined) await this.sessions.drop(family.value.subject, sessionId);
  }

  /** Ends all families of a subject; answers their session ids. */
  async endAllOf(subject: string): Promise<readonly string[]> {
    const ended = await this.sessions.takeAll(subject);
    for (const sessionId of ended) await this.state.delete(keyOf(sessionId));
    return ended;
  }

  private async touch(subject: string, sessionId: string): Promise<readonly string[]> {
    const dropped = await this.sessions.touch(subject, sessionId);
    for (const old of dropped) await this.state.delete(keyOf(old));
    return dropped;
  }

  private async read(sessionId: string): Promise<{ readonly text: string; readonly value: RefreshFamily } | undefined> {
    const text = await this.state.get(keyOf(sessionId));
    const value = text === undefined ? undefined : parseFamily(text);
    return text === undefined || value === undefined ? undefined : { text, value };
  }
}

function keyOf(sessionId: string): string {
  return `refresh:family:${sessionId}`;
}
