import { type PhpValue, readJsonBody } from '../../../routing/index.js';
import { GivesOneOf, IsOneOf, IsSafePathPart, IsText } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { jsonSize, recordOf } from '../php-checks.js';
import { Obeys, type Rule } from '../rule.js';
import { isPhpValue, recordSchema } from '../rules.js';
import { PROFILES } from './donna.dto.js';

const STATUSES = ['active', 'archived', 'closed'] as const;
const MAX_METADATA_BYTES = 8192;

/** `POST /api/conversations.php`. */
@InputDto('conversations.create')
export class CreateConversationDto {
  @IsText(1, 200)
  title?: string | null;

  @IsOneOf(...PROFILES)
  profile?: (typeof PROFILES)[number] | null;

  @Obeys(metadata())
  metadata?: PhpValue;
}

/** `PUT /api/conversations.php`. */
@InputDto('conversations.update')
export class ChangeConversationDto {
  @IsSafePathPart({ isRequired: true })
  id: string;

  @IsText(1, 200)
  @GivesOneOf(['title', 'status', 'metadata'], 'title', 'give title, status or metadata')
  title?: string | null;

  @IsOneOf(...STATUSES)
  status?: (typeof STATUSES)[number] | null;

  @Obeys(metadata())
  metadata?: PhpValue;
}

/** `DELETE /api/conversations.php`: the id in the query or the body. */
@InputDto('conversations.delete')
export class RemoveConversationDto {
  @IsSafePathPart({ isRequired: true })
  id: string;
}

/** Free facts that a client keeps with a conversation: an object, or its JSON text, since a form has no objects. */
function metadata(): Rule {
  return {
    check: (sent) => {
      if (sent === undefined || sent === null) return undefined;
      const value = typeof sent === 'string' ? fromText(sent) : sent;
      const object = value !== undefined && isPhpValue(value) && !Array.isArray(value) ? recordOf(value) : undefined;
      if (object === undefined) return 'must be an object';
      return jsonSize(object, MAX_METADATA_BYTES) > MAX_METADATA_BYTES
        ? `must not be longer than ${MAX_METADATA_BYTES} bytes`
        : undefined;
    },
    describe: () => ({ schema: recordSchema(MAX_METADATA_BYTES) }),
  };
}

function fromText(text: string): PhpValue | undefined {
  const reading = readJsonBody(Buffer.from(text));
  return reading.kind === 'read' ? reading.value : undefined;
}
