import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt, IsNumber, IsOptional, Matches, Max, Min } from 'class-validator';
import { InputDto } from '../contract/index.js';

const MIB = 1_048_576;
const ROUTE = /^[a-z][a-z0-9.-]{0,79}$/;
const FIELD = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** What `POST /admin/api/recording` takes. */
@InputDto('admin.recording.start')
export class RecordingDto {
  @IsArray({ message: 'is required: a list of names of routes' })
  @ArrayMinSize(1, { message: 'must name a route' })
  @ArrayMaxSize(50, { message: 'must not name more than 50 routes' })
  @Matches(ROUTE, { each: true, message: 'must be names of routes' })
  readonly routes: readonly string[];

  /** What its fixtures are called together; the time of its start where it is absent. */
  @IsOptional()
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, { message: 'must be a name of at most 40 letters, digits and dashes' })
  readonly name?: string | null;

  @IsOptional()
  @IsInt({ message: 'must be a whole number from 1 to 2000' })
  @Min(1, { message: 'must be a whole number from 1 to 2000' })
  @Max(2000, { message: 'must be a whole number from 1 to 2000' })
  readonly maxFixtures?: number | null;

  @IsOptional()
  @IsInt({ message: 'must be a whole number from 1024 to 16777216' })
  @Min(1024, { message: 'must be a whole number from 1024 to 16777216' })
  @Max(16 * MIB, { message: 'must be a whole number from 1024 to 16777216' })
  readonly maxBytes?: number | null;

  @IsOptional()
  @IsInt({ message: 'must be a whole number from 1 to 3600' })
  @Min(1, { message: 'must be a whole number from 1 to 3600' })
  @Max(3600, { message: 'must be a whole number from 1 to 3600' })
  readonly seconds?: number | null;

  @IsOptional()
  @IsNumber({}, { message: 'must be a share: above 0, at most 1' })
  @Min(0.0001, { message: 'must be a share: above 0, at most 1' })
  @Max(1, { message: 'must be a share: above 0, at most 1' })
  readonly sample?: number | null;

  /** Fields whose values are shown as they are. */
  @IsOptional()
  @IsArray({ message: 'must be a list of names of fields' })
  @ArrayMaxSize(50, { message: 'must not name more than 50 fields' })
  @Matches(FIELD, { each: true, message: 'must be names of fields' })
  readonly keep?: readonly string[] | null;

  /** Fields that are shown by name, with stand-ins for their values. */
  @IsOptional()
  @IsArray({ message: 'must be a list of names of fields' })
  @ArrayMaxSize(200, { message: 'must not name more than 200 fields' })
  @Matches(FIELD, { each: true, message: 'must be names of fields' })
  readonly fields?: readonly string[] | null;
}
