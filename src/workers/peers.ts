import type { Desk } from './desk.js';
import type { Link } from './link.js';
import { type Topic, topic } from './topic.js';

/** Milliseconds for the others' answers, and for all of them on their way through the primary. */
const ANSWER_WITHIN_MS = 1500;
const ALL_WITHIN_MS = 2500;

const ASK_PEERS = topic<readonly [topic: string, payload: unknown], readonly unknown[]>('peers.ask');
const TELL_PEERS = topic<readonly [topic: string, payload: unknown]>('peers.tell');

/** Hands the questions and news of one worker to all others. */
export class PeerDesk implements Desk {
  serve(link: Link, all: () => readonly Link[]): void {
    const others = (): readonly Link[] => all().filter((one) => one !== link);
    link.handle(ASK_PEERS, async ([name, payload]) => {
      const asked = others().map((peer) =>
        peer.ask(topic<unknown, unknown>(name), payload, { withinMs: ANSWER_WITHIN_MS }),
      );
      return (await Promise.allSettled(asked)).flatMap((answer) =>
        answer.status === 'fulfilled' ? [answer.value] : [],
      );
    });
    link.handle(TELL_PEERS, ([name, news]) => {
      for (const peer of others()) peer.tell(topic<unknown>(name), news);
    });
  }
}

/** What all other workers answer; those that do not are left out, all of them while the primary is silent. Never rejects. */
export async function askPeers<Ask, Answer>(
  link: Link | undefined,
  { name }: Topic<Ask, Answer>,
  payload: Ask,
): Promise<readonly Answer[]> {
  if (link === undefined) return [];
  const answers = await link.ask(ASK_PEERS, [name, payload], { withinMs: ALL_WITHIN_MS }).catch(() => []);
  return answers as readonly Answer[];
}

/** Tells all other workers. */
export function tellPeers<News>(link: Link | undefined, { name }: Topic<News, void>, news: News): void {
  link?.tell(TELL_PEERS, [name, news]);
}
