import type { ErrorCode, JsonSchema } from '../contract/index.js';
import type { OddStatus } from './shared-components.js';
import type { Tag } from './tags.js';

/** Fields of an answer beside the envelope's; all of them are there. */
export type AnswerFields = Readonly<Record<string, JsonSchema>>;

/** An answer that is not an error. */
export interface AnswerDescription {
  readonly description: string;
  /** Of a JSON object in the envelope. */
  readonly fields?: AnswerFields;
  /** Of any other body: its media type and what it is. */
  readonly content?: Readonly<Record<string, JsonSchema>>;
}

/** A request that is answered as described: tests send it, with the real thing for each of the stand-ins. */
export interface RequestExample {
  readonly summary: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A place below a route whose path ends in `{*path}`; '' is the path itself. */
export interface PlaceDescription {
  readonly summary: string;
  readonly parameters?: Readonly<Record<string, JsonSchema>>;
  readonly answers?: Readonly<Record<number, AnswerDescription>>;
  readonly query?: Readonly<Record<string, JsonSchema>>;
}

/** What the route table cannot say of a route: what it is for, and what it answers. */
export interface RouteDescription {
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  /** Who reads of it; `nobody` but the source: the gateway's and the application's calls to each other. */
  readonly audience?: 'everyone' | 'admin' | 'nobody';
  readonly isDeprecated?: boolean;
  /** Where the DTO's fields stand; by the method where it is left out. */
  readonly fieldsIn?: 'query' | 'body';
  /** For a route without `action`: which requests it is for. `none` where only the listed actions mean anything. */
  readonly serves?: {
    readonly actions: readonly string[];
    readonly isWithoutAction: boolean;
    readonly summary?: string;
  };
  /** Fields of the query that no DTO describes. */
  readonly query?: Readonly<Record<string, JsonSchema>>;
  /** Request headers that mean something to it. */
  readonly headers?: Readonly<Record<string, JsonSchema>>;
  /** A body that no DTO describes, by media type. */
  readonly body?: Readonly<Record<string, JsonSchema>>;
  readonly examples?: Readonly<Record<string, RequestExample>>;
  readonly places?: Readonly<Record<string, PlaceDescription>>;
  readonly answers: Readonly<Record<number, AnswerDescription>>;
  /** Refusals beside those that follow from its policies. */
  readonly errors?: readonly (ErrorCode | OddStatus)[];
}

/**
 * Descriptions of an area by the names of routes, or `name METHOD` where a route's methods do different things; `path` is the path
 * that a route of PHP's must have for them to be its own. `null`: nothing that the application answers with success.
 */
export interface AreaDescription {
  readonly path?: string;
  readonly routes: Readonly<Record<string, RouteDescription | null>>;
  readonly schemas?: Readonly<Record<string, JsonSchema>>;
}
