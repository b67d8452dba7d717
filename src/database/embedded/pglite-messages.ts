/** What the thread of the embedded database is started with. */
export interface ThreadPlan {
  /** Where the database stands, or shall be made. */
  readonly folder: string;
  /** Where a copy of a database that was just made is kept, to be copied for the next new one; undefined: nowhere. */
  readonly template: string | undefined;
}

/** A statement to run; the thread answers each with one `result` or `error`, in their order. */
export interface StatementCall {
  readonly kind: 'statement';
  readonly id: number;
  readonly sql: string;
  /** As `pg` sends them: text, or bytes. */
  readonly parameters: readonly (string | Uint8Array | null)[];
}

export type ThreadCall =
  | StatementCall
  /** The answer to `rows`. */
  | { readonly kind: 'more'; readonly id: number }
  | { readonly kind: 'close' };

/** A part of a statement's rows as Postgres writes them: text, to be read by the column's type. */
export interface WrittenRows {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** An error that Postgres has told, by the names that `pg` has for its fields. */
export interface SaidByPostgres {
  readonly message: string;
  /** SQLSTATE. */
  readonly code: string;
  readonly fields: Readonly<Record<string, string>>;
}

export type ThreadMessage =
  /** It serves; nothing is sent before. */
  | { readonly kind: 'ready' }
  /** A part of a large result; the next is sent when `more` asks for it, so that the gateway can do other things between. */
  | { readonly kind: 'rows'; readonly id: number; readonly part: WrittenRows }
  /** The last part, and the command as Postgres tags it: `SELECT 3`, `COMMIT`, … */
  | { readonly kind: 'result'; readonly id: number; readonly part: WrittenRows; readonly tag: string }
  | { readonly kind: 'error'; readonly id: number; readonly error: SaidByPostgres }
  /** The engine has broken down; no answer follows. */
  | { readonly kind: 'fault'; readonly fault: string }
  | { readonly kind: 'notification'; readonly channel: string; readonly payload: string }
  | { readonly kind: 'closed' };
