import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { InputDto } from '../contract/index.js';
import { MIGRATION_DIRECTIONS, type MigrationKind } from '../replication/index.js';

/** What `POST /admin/api/migrations/:collection` takes. */
@InputDto('admin.migration.start')
export class MigrationDto {
  @IsIn(MIGRATION_DIRECTIONS, { message: `must be one of ${MIGRATION_DIRECTIONS.join(', ')}` })
  readonly direction: MigrationKind['direction'];

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly dryRun?: boolean | null;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly verifyOnly?: boolean | null;
}
