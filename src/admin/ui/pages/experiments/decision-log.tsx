import type { JSX } from 'preact';
import type { DecisionRecord } from '../../api/report-types.js';
import { formatDay } from '../../format.js';
import { Badge, stageText } from '../../parts/badge.js';
import { ACTION_TONES } from './action-tones.js';

/** What was decided and why, the latest first. */
export function DecisionLog({ decisions }: { readonly decisions: readonly DecisionRecord[] }): JSX.Element {
  return (
    <ol class="list">
      {decisions.map(({ at, from, action, to, reason }) => (
        <li key={`${at} ${action}`}>
          <div class="row">
            <Badge tone={ACTION_TONES[action]} text={action} />
            <span>
              {stageText(from)}
              {to !== undefined && (
                <>
                  {' '}
                  → <b>{stageText(to)}</b>
                </>
              )}
            </span>
            <time class="soft end" dateTime={at}>
              {formatDay(at)}
            </time>
          </div>
          <p class="soft">{reason}</p>
        </li>
      ))}
    </ol>
  );
}
