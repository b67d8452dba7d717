/** A shorter press is a tap: it begins, and the next press ends. Not everybody can hold a button. */
const TAP_MS = 300;
/** So long after a press, a click without one comes from assistive technology. */
const CLICK_MS = 700;
const isKey = ({ key }) => key === ' ' || key === 'Enter';

/**
 * A button that acts while it is held: by pointer or finger, by space or enter. Losing the focus or the window lets go.
 * Returns what lets go from outside.
 */
export function onHold(button, { press, release }) {
  let since = null;
  let isLatched = false;
  let touchedAt = -CLICK_MS;
  const letGo = () => {
    if (since === null) return;
    since = null;
    isLatched = false;
    button.setAttribute('aria-pressed', 'false');
    release();
  };
  const down = ({ timeStamp }) => {
    touchedAt = timeStamp;
    if (isLatched) {
      letGo();
    } else if (since === null) {
      since = timeStamp;
      button.setAttribute('aria-pressed', 'true');
      press();
    }
  };
  const up = ({ timeStamp }) => {
    touchedAt = timeStamp;
    if (since === null || isLatched) return;
    if (timeStamp - since < TAP_MS) isLatched = true;
    else letGo();
  };
  button.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    down(event);
  });
  button.addEventListener('pointerup', up);
  for (const name of ['pointercancel', 'blur']) button.addEventListener(name, letGo);
  button.addEventListener('keydown', (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    if (!event.repeat) down(event);
  });
  button.addEventListener('keyup', (event) => {
    if (!isKey(event)) return;
    event.preventDefault();
    up(event);
  });
  button.addEventListener('click', (event) => {
    if (event.timeStamp - touchedAt < CLICK_MS) return;
    down(event);
    up(event);
  });
  // A long touch would open the browser's menu.
  button.addEventListener('contextmenu', (event) => event.preventDefault());
  document.addEventListener('visibilitychange', () => document.hidden && letGo());
  return letGo;
}
