import { FieldTree, textOfBytes } from './field-tree.js';
import { MAX_PARTS, walkParts } from './multipart.js';
import { phpFieldName } from './php-name.js';
import type { PhpRecord, Reading } from './php-value.js';

/** PHP's `max_file_uploads`: past it, which files a script gets depends on its settings. */
const MAX_FILES = 20;
const HEAD_BYTES = 16;
const NOTHING = Buffer.alloc(0);

/** What is known of a file without looking into it, beyond its first bytes. */
export class UploadedFile {
  constructor(
    /** As the client calls it, without the folders before it; '' where none was chosen. */
    readonly clientName: string,
    /** As the client announces it: to be believed by nobody. */
    readonly announcedType: string,
    /** Bytes. */
    readonly size: number,
    /** The first bytes, by which a kind of file is recognised; a view of the body, not a copy. */
    readonly head: Buffer,
  ) {}
}

/** `$_POST` and `$_FILES`; `several` under a name with brackets. */
export interface MultipartFields {
  readonly fields: PhpRecord;
  readonly files: ReadonlyMap<string, UploadedFile | 'several'>;
}

/** Reads all fields of a `multipart/form-data` body and what its files are called, as PHP fills `$_POST` and `$_FILES`. */
export function readMultipartTree(body: Buffer, contentType: string): Reading<MultipartFields> {
  const tree = new FieldTree();
  const files = new Map<string, UploadedFile | 'several'>();
  let uploads = 0;
  let isPastOddName = false;
  const outcome = walkParts(body, contentType, ({ name = '', filename, type, start, end }) => {
    if (filename === undefined) {
      tree.add(name, textOfBytes(body.toString('latin1', start, end)));
      return;
    }
    uploads += 1;
    isPastOddName ||= !areBracketsEven(name);
    const field = phpFieldName(name);
    if (field.name === '' || isPastOddName) return;
    const head = body.subarray(start, Math.min(end, start + HEAD_BYTES));
    // Without a file name none was chosen, whatever stands there.
    const file =
      filename === ''
        ? new UploadedFile('', '', 0, NOTHING)
        : new UploadedFile(baseName(textOfBytes(filename)), mediaType(type), end - start, head);
    files.set(textOfBytes(field.name), field.isArray ? 'several' : file);
  });
  if (outcome === 'unclear') return { kind: 'refused', problem: 'The multipart body can be read in different ways.' };
  if (outcome === 'too many') return { kind: 'refused', problem: `The body has more than ${MAX_PARTS} parts.` };
  if (uploads > MAX_FILES) return { kind: 'refused', problem: `The body has more than ${MAX_FILES} files.` };
  const fields = tree.finish();
  return fields.kind === 'read' ? { kind: 'read', value: { fields: fields.value, files } } : fields;
}

/** PHP takes no file whose field name has a bracket too many, or text behind one; nor any file after that. */
function areBracketsEven(name: string): boolean {
  const nul = name.indexOf('\0');
  return /^[^[\]]*(?:\[[^[\]]*\])*$/.test(nul === -1 ? name : name.slice(0, nul));
}

function baseName(filename: string): string {
  return filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
}

function mediaType(announced: string): string {
  return textOfBytes(announced.split(';', 1)[0] ?? '');
}
