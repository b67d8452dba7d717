import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteView } from '../../../admin-api.js';
import { ApiError } from '../../api/api-error.js';
import { stageText } from '../../parts/badge.js';
import { setStaging } from './set-staging.js';

interface Props {
  readonly route: RouteView;
  readonly onDone: () => void;
}

/**
 * Gives a route back to PHP with one click and no question: in an outage nobody reads dialogs, and it is the way on which nothing is lost. The
 * history says where from; "Change stage" and "Clear override" lead forward again.
 */
export function RollBackButton({ route, onDone }: Props): JSX.Element {
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const rollBack = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await setStaging(
        route.route,
        { stage: 'proxy' },
        `Rolled back from ${stageText(route.effective)} in the dashboard`,
      );
      onDone();
    } catch (fault) {
      setError(fault instanceof ApiError ? fault.message : 'The page met an error of its own.');
    }
    setBusy(false);
  };
  return (
    <>
      <button type="button" disabled={isBusy} onClick={() => void rollBack()}>
        {isBusy ? 'One moment' : 'Roll back to proxy'}
      </button>
      {error !== undefined && (
        <p class="form-fault" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
