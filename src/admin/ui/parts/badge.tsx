import type { JSX } from 'preact';
import type { StageView } from '../../admin-api.js';

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info';

/** A word with a colour; the word alone says it too. */
export function Badge({ tone = 'plain', text }: { readonly tone?: Tone; readonly text: string }): JSX.Element {
  return <span class={`badge tone-${tone}`}>{text}</span>;
}

export function StageBadge({ staging }: { readonly staging: StageView }): JSX.Element {
  return <span class={`badge stage stage-${staging.stage}`}>{stageText(staging)}</span>;
}

/** `canary 25 %`: the weight only where it means something. */
export function stageText({ stage, weight }: StageView): string {
  return stage === 'canary' && weight !== undefined ? `canary ${weight} %` : stage;
}

export function StatusBadge({ status }: { readonly status: number }): JSX.Element {
  const tone: Tone = status >= 500 ? 'bad' : status >= 400 ? 'warn' : status >= 300 ? 'plain' : 'good';
  return <Badge tone={tone} text={String(status)} />;
}
