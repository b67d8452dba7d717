import { el } from './donna.js';

const KEPT = 200;

/** What both sides say, in a list that grows; what is spoken has its place before its words are known. */
export class Transcript {
  #items = new Map();
  #awaited = [];

  /** @param list in an element with the role `log`, which scrolls */
  constructor(list) {
    this.list = list;
    this.log = list.closest('[role="log"]');
  }

  /** @param kind '' for Donna, else mine, failed or note */
  add(kind, text) {
    const item = el('li', { class: kind === '' ? null : kind }, text);
    this.list.append(item);
    while (this.list.children.length > KEPT) this.list.firstElementChild.remove();
    this.#follow();
    return item;
  }

  /** The person has spoken; the words come later, perhaps after the beginning of the answer. */
  awaitSpeech() {
    this.#awaited.push(this.add('mine awaited', '…'));
  }

  /** What was spoken last was nothing. */
  forgetSpeech() {
    this.#awaited.pop()?.remove();
  }

  /** An utterance, as much of it as is known. */
  show({ role, text, isFinal, itemId }) {
    const key = `${role} ${itemId}`;
    let item = itemId === '' ? undefined : this.#items.get(key);
    if (item === undefined) {
      item = (role === 'user' && itemId !== '' ? this.#awaited.shift() : undefined) ?? this.add(role === 'user' ? 'mine' : '', '');
      if (itemId !== '') this.#items.set(key, item);
    }
    item.classList.remove('awaited');
    item.textContent = text;
    // A screen reader waits for the whole of it.
    this.log.setAttribute('aria-busy', String(!isFinal));
    if (isFinal) this.#items.delete(key);
    this.#follow();
  }

  /** Donna says nothing more: what she did not finish stays as it is. */
  pause() {
    this.log.removeAttribute('aria-busy');
  }

  /** Nothing more is to come: what was spoken and never understood goes. */
  settle() {
    this.pause();
    for (const item of this.#awaited.splice(0)) item.remove();
    this.#items.clear();
  }

  clear() {
    this.settle();
    this.list.replaceChildren();
  }

  #follow() {
    this.log.scrollTop = this.log.scrollHeight;
  }
}
