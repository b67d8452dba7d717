import { createStore } from './store.js';

/** Where the person is: `#/routes/conversations.list` is the page `routes` with the name behind it. */
export interface Place {
  readonly page: string;
  /** Decoded; '' where there is none. */
  readonly name: string;
}

export const place = createStore<Place>(readPlace());

addEventListener('hashchange', () => place.set(readPlace()));

export function hrefTo(page: string, name = ''): string {
  return name === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(name)}`;
}

export function go(page: string, name = ''): void {
  location.hash = hrefTo(page, name);
}

function readPlace(): Place {
  const [, page = '', ...rest] = location.hash.split('/');
  try {
    return { page, name: decodeURIComponent(rest.join('/')) };
  } catch {
    // Not an address that was made here.
    return { page, name: '' };
  }
}
