import { IsBoolean, IsEmail, IsIn, IsOptional, IsString, Length, Matches } from 'class-validator';
import { InputDto } from '../contract/index.js';

/** Whose data. */
abstract class PersonDto {
  @IsString({ message: 'must be the id of a user' })
  @Length(1, 255, { message: 'must be the id of a user: 1 to 255 characters' })
  readonly subject: string;

  @IsOptional()
  @IsEmail({}, { message: 'must be an e-mail address' })
  readonly email?: string | null;
}

/** What `POST /admin/api/persons/export` takes: without `part` it says what there is, and is noted. */
@InputDto('admin.person.export')
export class PersonExportDto extends PersonDto {
  @IsOptional()
  @IsIn(['php', 'gateway'], { message: 'must be php or gateway' })
  readonly store?: 'php' | 'gateway' | null;

  @IsOptional()
  @Matches(/^[a-zA-Z]{1,40}$/, { message: 'must be the name of a part' })
  readonly part?: string | null;

  @IsOptional()
  @IsString({ message: 'must be what the page before has named as next' })
  @Length(1, 255, { message: 'must be what the page before has named as next' })
  readonly after?: string | null;
}

/** What `POST /admin/api/persons/erase` takes. */
@InputDto('admin.person.erase')
export class PersonEraseDto extends PersonDto {
  @IsOptional()
  @IsString({ message: 'must say why' })
  @Length(1, 500, { message: 'must say why, in 1 to 500 characters' })
  readonly reason?: string | null;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly account?: boolean | null;

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly dryRun?: boolean | null;
}
