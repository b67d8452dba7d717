import type { Database } from '../../database/index.js';
import { BridgeError } from '../bridge.error.js';
import type { PhpDocuments } from '../php-documents.js';

/** PHP's bound. */
const PAGE = 500;
const LIST_WITHIN_MS = 30_000;

/** An owner that either side knows. */
export interface WalkedOwner {
  readonly owner: string;
  /** Version of PHP's document when the page was listed; undefined: there was none. */
  readonly phpVersion: string | undefined;
  /** Version that the rows stand on; undefined: not known. */
  readonly rowsVersion: string | undefined;
}

/** The owners of a collection on both sides, in the order of their keys, page by page: nothing else of them is in memory. */
export class OwnerWalk {
  constructor(
    private readonly database: Database,
    private readonly documents: PhpDocuments,
    private readonly collection: string,
    private readonly traceId: string,
  ) {}

  /** @throws BridgeError, DatabaseUnavailableError */
  async page(after: string): Promise<{ readonly owners: readonly WalkedOwner[]; readonly hasMore: boolean }> {
    const call = { traceId: this.traceId, timeoutMs: LIST_WITHIN_MS };
    const php = await this.documents.list(this.collection, after === '' ? undefined : after, PAGE, call);
    // Else there would be no end.
    if (php.owners.some(({ owner }, index) => owner <= (php.owners[index - 1]?.owner ?? after)))
      throw new BridgeError('refused', 'a list that does not go on from where it was asked for');
    const rows = await this.knownOwners(after);
    // Beyond the last owner of a full page that side may have others.
    const ends = [
      php.more ? php.owners.at(-1)?.owner : undefined,
      rows.hasMore ? rows.owners.at(-1)?.owner : undefined,
    ];
    const upTo = ends.filter((end) => end !== undefined).toSorted()[0];
    const phpVersions = new Map(php.owners.map(({ owner, version }) => [owner, version]));
    const rowsVersions = new Map(rows.owners.map(({ owner, version }) => [owner, version]));
    const owners = [...new Set([...phpVersions.keys(), ...rowsVersions.keys()])]
      .filter((owner) => upTo === undefined || owner <= upTo)
      .toSorted()
      .map((owner) => ({ owner, phpVersion: phpVersions.get(owner), rowsVersion: rowsVersions.get(owner) }));
    return { owners, hasMore: upTo !== undefined };
  }

  private async knownOwners(after: string): Promise<{
    readonly owners: readonly { readonly owner: string; readonly version: string | undefined }[];
    readonly hasMore: boolean;
  }> {
    // A dry run makes no database.
    if (!this.database.hasData) return { owners: [], hasMore: false };
    const db = await this.database.db();
    const rows = await db
      .selectFrom('replication_owner')
      .select(['owner', 'php_version'])
      .where('collection', '=', this.collection)
      .where('owner', '>', after)
      .orderBy('owner')
      .limit(PAGE + 1)
      .execute();
    const owners = rows
      .slice(0, PAGE)
      .map(({ owner, php_version: version }) => ({ owner, version: version ?? undefined }));
    return { owners, hasMore: rows.length > PAGE };
  }
}
