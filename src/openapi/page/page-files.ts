import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { StaticFile } from '../../edge/index.js';
import { pageText, SCRIPT_TEXT, STYLE_TEXT } from './page-text.js';

const compress = promisify(gzip);
const SCRIPT = 'text/javascript; charset=utf-8';
const STYLE = 'text/css; charset=utf-8';

/** Swagger UI's files that the page needs, from its package; its other ones name other hosts, or nobody asks for them. */
const PACKAGED: Readonly<Record<string, string>> = { 'swagger-ui.css': STYLE, 'swagger-ui-bundle.js': SCRIPT };
const OWN: Readonly<Record<string, readonly [type: string, text: string]>> = {
  'docs.js': [SCRIPT, SCRIPT_TEXT],
  'docs.css': [STYLE, STYLE_TEXT],
};

/** The page's files, each read and compressed when somebody first asks for it. */
export class PageFiles {
  private readonly known = new Map<string, Promise<StaticFile>>();

  /** The page itself. @param root relative address of the gateway's root, seen from the page */
  page(root: string): Promise<StaticFile> {
    return this.keep(`page ${root}`, async () => toFile('text/html; charset=utf-8', Buffer.from(pageText(root))));
  }

  /** A file by its exact name; undefined when there is none. */
  find(name: string): Promise<StaticFile> | undefined {
    if (Object.hasOwn(OWN, name)) {
      const [type = '', text = ''] = OWN[name] ?? [];
      return this.keep(name, () => toFile(type, Buffer.from(text)));
    }
    if (!Object.hasOwn(PACKAGED, name)) return undefined;
    return this.keep(name, async () => toFile(PACKAGED[name] ?? '', await readFile(join(packageFolder(), name))));
  }

  private keep(key: string, make: () => Promise<StaticFile>): Promise<StaticFile> {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.known.set(key, made);
    // What failed is tried again by the next who asks.
    made.catch(() => this.known.delete(key));
    return made;
  }
}

function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
}

async function toFile(type: string, whole: Buffer): Promise<StaticFile> {
  // The packaged scripts end in the name of a source map, which is not served.
  const bytes = type === SCRIPT || type === STYLE ? withoutSourceMap(whole) : whole;
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  return { type, bytes, gzip: await compress(bytes), hash };
}

function withoutSourceMap(bytes: Buffer): Buffer {
  const at = bytes.lastIndexOf('# sourceMappingURL=');
  return at === -1 || bytes.length - at > 100 ? bytes : bytes.subarray(0, at - 2);
}
