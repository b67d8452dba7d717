/** The name of what is asked or told over a link, with the types of the question and its answer. Both are values of JSON. */
export interface Topic<Ask, Answer> {
  readonly name: string;
  /** Types alone. */
  readonly types?: (payload: Ask) => Answer;
}

/** `room.word`, the room being the one that answers. */
export function topic<Ask, Answer = void>(name: string): Topic<Ask, Answer> {
  return { name };
}
