import { IsBoolean, IsOptional } from 'class-validator';
import { InputDto } from '../contract/index.js';

/** What `POST /admin/api/retention` takes. */
@InputDto('admin.retention.run')
export class RetentionDto {
  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly dryRun?: boolean | null;
}
