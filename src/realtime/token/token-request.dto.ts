import { IsIn, IsOptional, IsString, Matches, MaxLength, validateSync } from 'class-validator';
import { GatewayError, InputDto } from '../../contract/index.js';

/** OpenAI's voices for realtime sessions. */
const VOICES = ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'] as const;
export const DEFAULT_VOICE = 'marin';

/** OpenAI's realtime models in general availability, by alias and by snapshot; what is configured is allowed besides. */
const GA_MODELS = [
  'gpt-realtime',
  'gpt-realtime-1.5',
  'gpt-realtime-2',
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-realtime-2025-08-28',
  'gpt-realtime-mini',
  'gpt-realtime-mini-2025-10-06',
  'gpt-realtime-mini-2025-12-15',
] as const;

/** Who Donna is when the caller does not say. */
export const DEFAULT_INSTRUCTIONS =
  'You are Donna, a friendly and efficient receptionist. Answer in the language of the caller, in one or two short sentences. ' +
  'Take messages and appointments; ask for the name and a way to call back. Never read out passwords or payment details.';

/** The fields of `POST /api/realtime/token`, all optional. */
@InputDto('realtime.token')
export class TokenRequestDto {
  @IsOptional()
  @IsString()
  @Matches(/^[\w.:-]{1,64}$/, { message: 'must be the name of a realtime model' })
  readonly model?: string | null;

  @IsOptional()
  @IsIn(VOICES, { message: `must be one of ${VOICES.join(', ')}` })
  readonly voice?: string | null;

  @IsOptional()
  @IsString({ message: 'must be a text' })
  @MaxLength(4000, { message: 'must be at most 4000 characters' })
  readonly instructions?: string | null;
}

/** What a client secret is asked for. */
export interface TokenRequest {
  readonly model: string;
  readonly voice: string;
  readonly instructions: string;
}

const FIELDS = ['model', 'voice', 'instructions'] as const;

/**
 * Reads a request's body, whatever its route has checked of it: a table that names no DTO must not open the allow-lists.
 * @throws GatewayError VALIDATION_FAILED with a text per field
 */
export function readTokenRequest(body: unknown, configuredModel: string): TokenRequest {
  const sent = body ?? {};
  if (typeof sent !== 'object' || Array.isArray(sent)) throw invalid({ body: 'must be a JSON object' });
  const unknown = Object.keys(sent).filter((name) => !FIELDS.some((field) => field === name));
  if (unknown.length > 0)
    throw invalid(Object.fromEntries(unknown.slice(0, 10).map((name) => [name.slice(0, 64), 'is not a known field'])));
  const dto = Object.assign(new TokenRequestDto(), sent);
  const faults = validateSync(dto);
  if (faults.length > 0)
    throw invalid(
      Object.fromEntries(
        faults.map(({ property, constraints }) => [property, Object.values(constraints ?? {})[0] ?? 'is wrong']),
      ),
    );
  const model = dto.model ?? configuredModel;
  const models = [...new Set([configuredModel, ...GA_MODELS])];
  if (!models.includes(model)) throw invalid({ model: `must be one of ${models.join(', ')}` });
  return { model, voice: dto.voice ?? DEFAULT_VOICE, instructions: dto.instructions ?? DEFAULT_INSTRUCTIONS };
}

function invalid(validationErrors: Readonly<Record<string, string>>): GatewayError {
  return new GatewayError('VALIDATION_FAILED', { validationErrors });
}
