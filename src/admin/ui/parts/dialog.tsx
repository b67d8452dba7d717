import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api/api-error.js';
import { Icon } from './icon.js';

interface DialogProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** The browser's own dialog: Escape closes it, what lies behind is out of reach, and focus goes back where it came from. */
export function Dialog({ title, onClose, children }: DialogProps): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    box.current?.showModal();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog ref={box} aria-labelledby={id} onClose={onClose}>
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" class="quiet icon-button" aria-label="Close" onClick={() => box.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  /** What will happen, in words. */
  readonly children: ComponentChildren;
  /** What the button says: what it does. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** The text that stands in the field for the reason; undefined where none is asked for. */
  readonly reason?: string;
  readonly isReady?: boolean;
  readonly onConfirm: (reason: string) => Promise<unknown>;
  readonly onClose: () => void;
}

/** Says what will happen, asks why, does it, and tells in place when it was refused. */
export function ConfirmDialog(props: ConfirmProps): JSX.Element {
  const { title, children, action, isDangerous = false, isReady = true, onConfirm, onClose } = props;
  const [reason, setReason] = useState(props.reason ?? '');
  const [error, setError] = useState<ApiError>();
  const [isBusy, setBusy] = useState(false);
  const hasReason = props.reason !== undefined;
  const canGo = isReady && !isBusy && (!hasReason || reason.trim().length >= 3);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!canGo) return;
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm(reason.trim());
      onClose();
    } catch (fault) {
      setError(fault instanceof ApiError ? fault : new ApiError('The page met an error of its own.', 0));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        {children}
        {hasReason && <ReasonField value={reason} onInput={setReason} />}
        {error !== undefined && (
          <p class="form-fault" role="alert">
            {error.message}
          </p>
        )}
        <div class="dialog-foot">
          <button type="button" class="quiet" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isDangerous ? 'danger' : 'primary'} disabled={!canGo}>
            {isBusy ? 'One moment' : action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface ReasonFieldProps {
  readonly value: string;
  readonly onInput: (value: string) => void;
}

function ReasonField({ value, onInput }: ReasonFieldProps): JSX.Element {
  const id = useId();
  return (
    <label>
      Reason
      <input
        value={value}
        maxLength={500}
        minLength={3}
        required
        autocomplete="off"
        aria-describedby={id}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <span id={id} class="hint">
        Kept in the history, with your name.
      </span>
    </label>
  );
}
