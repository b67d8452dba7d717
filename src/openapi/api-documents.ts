import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { StagedRoute } from '../experiment/index.js';
import type { Route, RouteTable } from '../routing/index.js';
import type { Audience } from './audience.js';
import { makeDocument } from './make-document.js';

const compress = promisify(gzip);

/** The document as it is sent. */
export interface ReadyDocument {
  readonly bytes: Buffer;
  readonly gzip: Buffer;
  /** The opaque part of a strong validator (RFC 9110, section 8.8.3). */
  readonly hash: string;
}

interface Kept {
  readonly key: string;
  readonly ready: Promise<ReadyDocument>;
}

/** The documents of the table in effect, made when somebody asks and kept until the table is another one. */
export class ApiDocuments {
  private readonly kept = new Map<Audience, Kept>();
  private readonly ids = new WeakMap<Route, number>();
  private lastId = 0;

  constructor(
    readonly staged: () => readonly Pick<StagedRoute, 'route' | 'effective'>[],
    private readonly version: string,
  ) {}

  get(audience: Audience): Promise<ReadyDocument> {
    const staged = this.staged();
    const key = this.keyOf(staged, audience);
    const known = this.kept.get(audience);
    if (known?.key === key) return known.ready;
    const ready = prepare(inEffect(staged), audience, this.version);
    this.kept.set(audience, { key, ready });
    // What failed is tried again by the next who asks.
    ready.catch(() => this.kept.delete(audience));
    return ready;
  }

  /** A table that is read anew has new routes; a stage that is changed is told to administrators alone. */
  private keyOf(staged: ReturnType<ApiDocuments['staged']>, audience: Audience): string {
    const tableId = staged[0] === undefined ? 0 : this.idOf(staged[0].route);
    const stages = audience === 'admin' ? staged.map(({ effective: { stage, weight } }) => `${stage}${weight}`) : [];
    return [tableId, ...stages].join(' ');
  }

  private idOf(route: Route): number {
    const known = this.ids.get(route);
    if (known !== undefined) return known;
    this.lastId += 1;
    this.ids.set(route, this.lastId);
    return this.lastId;
  }
}

function inEffect(staged: ReturnType<ApiDocuments['staged']>): RouteTable {
  return { upstreams: new Map(), routes: staged.map(({ route, effective }) => ({ ...route, ...effective })) };
}

async function prepare(table: RouteTable, audience: Audience, version: string): Promise<ReadyDocument> {
  const bytes = Buffer.from(JSON.stringify(makeDocument(table, { audience, version })));
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { bytes, gzip: await compress(bytes, { level: 9 }), hash };
}
