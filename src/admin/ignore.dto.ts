import { IsString, Length, Matches } from 'class-validator';
import { InputDto } from '../contract/index.js';
import { ONE_LINE } from './stage.dto.js';

/** What `DELETE /admin/api/experiments/:route/ignores` takes. */
@InputDto('admin.experiment.unignore')
export class UnignoreDto {
  @IsString({ message: 'is required: a JSON pointer such as /data/*/updated_at, or header:<name>' })
  @Length(2, 300, { message: 'must have 2 to 300 characters' })
  @Matches(ONE_LINE, { message: 'must be one line of text' })
  readonly pointer: string;

  @IsString({ message: 'is required: say why, for those who read the history' })
  @Length(1, 500, { message: 'must have 1 to 500 characters' })
  @Matches(ONE_LINE, { message: 'must be one line of text' })
  readonly reason: string;
}

/** What `POST /admin/api/experiments/:route/ignores` takes. */
@InputDto('admin.experiment.ignore')
export class IgnoreDto extends UnignoreDto {
  @IsString({ message: 'is required: the first day on which the difference counts again, such as 2027-01-31' })
  @Matches(/^\d{4}-\d{2}-\d{2}$/, { message: 'must be a day, such as 2027-01-31' })
  readonly until: string;
}
