import type { LogEvent } from 'kysely';
import { DatabaseUnavailableError } from './database-unavailable.error.js';
import { noteStatement } from './note-statement.js';

/** What a statement begins with; all else is `other`. */
export const OPERATIONS = ['select', 'insert', 'update', 'delete', 'with', 'other'] as const;

export type Operation = (typeof OPERATIONS)[number];

/** A statement that has ended, of whoever asked for it. */
export interface EndedQuery {
  readonly operation: Operation;
  readonly ms: number;
  /** `unavailable`: an outage, or too slow; `refused`: the database answered that it cannot do this. */
  readonly fault: 'unavailable' | 'refused' | undefined;
}

/** Called within the work that waits for the statement; it does little, and throws nothing. */
export type QueryObserver = (ended: EndedQuery) => void;

/** Those who look at every statement when it has ended. Nothing of its text or values is told. */
export class QueryWatch {
  private readonly observers: QueryObserver[] = [];

  add(observer: QueryObserver): void {
    this.observers.push(observer);
  }

  /** For Kysely's `log`. */
  readonly log = (event: LogEvent): void => {
    noteStatement(event);
    const operation = operationOf(event.query.sql);
    const fault = event.level === 'query' ? undefined : faultKind(event.error);
    for (const observe of this.observers) observe({ operation, ms: event.queryDurationMillis, fault });
  };
}

function operationOf(sql: string): Operation {
  const word = /^\s*([a-z]{4,8})\b/i.exec(sql)?.[1]?.toLowerCase();
  return OPERATIONS.find((operation) => operation === word) ?? 'other';
}

function faultKind(error: unknown): 'unavailable' | 'refused' {
  return error instanceof DatabaseUnavailableError ? 'unavailable' : 'refused';
}
