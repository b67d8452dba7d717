import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import { InputDto } from '../contract/index.js';
import { type Stage, STAGES } from '../routing/index.js';

/** On one line, and nothing that steers a terminal or turns the direction of writing: it is read in tables. */
export const ONE_LINE = /^(?=.*\S)[^\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]+$/u;

/** Why a stage is changed. What `DELETE /admin/api/stages/:route` takes. */
@InputDto('admin.stage.clear')
export class ReasonDto {
  @IsString({ message: 'is required: say why, for those who read the history' })
  @Length(3, 500, { message: 'must have 3 to 500 characters' })
  @Matches(ONE_LINE, { message: 'must be one line of text' })
  readonly reason: string;
}

/** What `PUT /admin/api/stages/:route` takes. */
@InputDto('admin.stage.set')
export class StageDto extends ReasonDto {
  @IsIn(STAGES, { message: `must be one of ${STAGES.join(', ')}` })
  readonly stage: Stage;

  @IsOptional()
  @IsInt({ message: 'must be a whole number from 0 to 100' })
  @Min(0, { message: 'must be a whole number from 0 to 100' })
  @Max(100, { message: 'must be a whole number from 0 to 100' })
  readonly weight?: number | null;
}
