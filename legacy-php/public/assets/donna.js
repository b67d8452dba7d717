const token = document.querySelector('meta[name="csrf-token"]')?.content ?? '';
const bar = document.getElementById('notice');
let timer = 0;

/** Tells the user something for a few seconds. */
export function notice(text) {
  bar.textContent = text;
  bar.hidden = false;
  clearTimeout(timer);
  timer = setTimeout(() => { bar.hidden = true; }, 6000);
}

/** Calls an API; the answer's fields, or an Error whose message may be shown. */
export async function api(path, { method = 'GET', json, form } = {}) {
  const headers = { Accept: 'application/json' };
  if (method !== 'GET') headers['X-CSRF-Token'] = token;
  if (json !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, { method, headers, body: form ?? (json === undefined ? undefined : JSON.stringify(json)), credentials: 'same-origin' });
  } catch {
    throw new Error('The server cannot be reached.');
  }
  if (response.status === 401) {
    location.assign(`login.php?next=${encodeURIComponent(location.pathname)}`);
    throw new Error('Please sign in.');
  }
  const answer = await response.json().catch(() => null);
  if (answer === null || answer.success !== true) {
    const faults = Object.entries(answer?.validationErrors ?? {}).map(([field, what]) => `${field} ${what}`).join('; ');
    throw new Error([answer?.error ?? 'The server gave no usable answer.', faults].filter(Boolean).join(' '));
  }
  return answer;
}

/** An element with attributes and children; text is always text. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(key, value);
    else if (value !== false && value !== null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Runs a form's work once at a time and tells what went wrong. */
export function onSubmit(form, work) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button[type="submit"]');
    button.disabled = true;
    try {
      await work(Object.fromEntries(new FormData(form)));
    } catch (error) {
      notice(error.message);
    } finally {
      button.disabled = false;
    }
  });
}

export function day(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? '' : new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(date);
}

export function moment(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? '' : new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(date);
}
