import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SharedState, StateUnavailableError } from '../../state/index.js';

/** Sign-ins that a subject may have at the same time; with the next one the one that was not used for longest goes. */
export const MAX_SESSIONS = 20;
const MAX_ROUNDS = 24;

/** Which sign-ins each subject has, the least recently used first: bounds them, and finds them all to end them. */
export class SubjectSessions {
  constructor(
    private readonly state: SharedState,
    private readonly lifeMs: number,
  ) {}

  /** Notes that a session was used just now. Answers those that are over the bound and forgotten here. @throws StateUnavailableError */
  async touch(subject: string, sessionId: string): Promise<readonly string[]> {
    let dropped: readonly string[] = [];
    await this.change(subject, (known) => {
      const all = [...known.filter((id) => id !== sessionId), sessionId];
      dropped = all.slice(0, -MAX_SESSIONS);
      return all.slice(-MAX_SESSIONS);
    });
    return dropped;
  }

  /** Forgets one. @throws StateUnavailableError */
  async drop(subject: string, sessionId: string): Promise<void> {
    await this.change(subject, (known) => known.filter((id) => id !== sessionId));
  }

  /** Forgets all and answers them. @throws StateUnavailableError */
  async takeAll(subject: string): Promise<readonly string[]> {
    let taken: readonly string[] = [];
    await this.change(subject, (known) => {
      taken = known;
      return [];
    });
    return taken;
  }

  private async change(subject: string, next: (known: readonly string[]) => readonly string[]): Promise<void> {
    const key = `refresh:subject:${hash('sha256', subject, 'base64url')}`;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = await this.state.get(key);
      const after = JSON.stringify(next(parse(before)));
      if (after === '[]' && before === undefined) return;
      const isDone =
        before === undefined
          ? await this.state.add(key, after, this.lifeMs)
          : await this.state.swap(key, before, after, this.lifeMs);
      if (isDone) return;
      // Others change the same list: not all again at the same moment.
      await sleep(Math.random() * 4 * (round + 1));
    }
    throw new StateUnavailableError();
  }
}

function parse(text: string | undefined): readonly string[] {
  const value: unknown = JSON.parse(text ?? '[]');
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
