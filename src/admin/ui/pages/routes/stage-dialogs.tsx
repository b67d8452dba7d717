import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteView, StageName, StageView } from '../../../admin-api.js';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';
import { stageText } from '../../parts/badge.js';
import { ConfirmDialog } from '../../parts/dialog.js';
import { setStaging } from './set-staging.js';
import { consequencesOf, STAGE_MEANING, STAGE_ORDER } from './stage-words.js';

interface Props {
  readonly route: RouteView;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

const FIRST_WEIGHT = 5;

/** Chooses a stage and says what will come of it. */
export function StageDialog({ route, onChanged, onClose }: Props): JSX.Element {
  const { effective, possible } = route;
  const [stage, setStage] = useState<StageName>(effective.stage);
  const [weight, setWeight] = useState(effective.weight ?? FIRST_WEIGHT);
  const to: StageView = stage === 'canary' ? { stage, weight } : { stage };
  const isSame = stageText(to) === stageText(effective) && route.override !== null;
  return (
    <ConfirmDialog
      title={`Change the stage of ${route.route}`}
      action={isSame ? 'Nothing changes' : `Change to ${stageText(to)}`}
      isReady={!isSame}
      reason=""
      onConfirm={(reason) => setStaging(route.route, to, reason).then(onChanged)}
      onClose={onClose}
    >
      <fieldset>
        <legend>Stage, now {stageText(effective)}</legend>
        {STAGE_ORDER.filter((one) => possible.includes(one)).map((one) => (
          <label key={one} class="choice">
            <input type="radio" name="stage" value={one} checked={one === stage} onChange={() => setStage(one)} />
            {one}
            <small>{STAGE_MEANING[one]}</small>
          </label>
        ))}
      </fieldset>
      {stage === 'canary' && <Weight value={weight} onChange={setWeight} />}
      <Consequence route={route} to={to} />
    </ConfirmDialog>
  );
}

export function ClearDialog({ route, onChanged, onClose }: Props): JSX.Element {
  return (
    <ConfirmDialog
      title={`Clear the override of ${route.route}`}
      action={`Back to ${stageText(route.inTable)}`}
      reason=""
      onConfirm={(reason) => callApi('DELETE', apiUrl('stages', route.route), { reason }).then(onChanged)}
      onClose={onClose}
    >
      <p>The stage of the route table holds again.</p>
      <Consequence route={route} to={route.inTable} />
    </ConfirmDialog>
  );
}

function Consequence({ route, to }: { readonly route: RouteView; readonly to: StageView }): JSX.Element {
  return (
    <ul class="consequence" aria-live="polite" aria-label="What will happen">
      {consequencesOf(route, to).map((sentence) => (
        <li key={sentence}>{sentence}</li>
      ))}
    </ul>
  );
}

function Weight({
  value,
  onChange,
}: {
  readonly value: number;
  readonly onChange: (value: number) => void;
}): JSX.Element {
  const take = (text: string): void => onChange(Math.min(100, Math.max(0, Math.round(Number(text)))));
  return (
    <div class="weight">
      <span class="soft">Callers of 100 that the native handler answers</span>
      <input
        type="range"
        min={0}
        max={100}
        value={value}
        aria-label="Weight, as a slider"
        onInput={(event) => take(event.currentTarget.value)}
      />
      <input
        type="number"
        min={0}
        max={100}
        value={value}
        aria-label="Weight"
        onInput={(event) => take(event.currentTarget.value)}
      />
    </div>
  );
}
