import { IsOptional, IsString, Length, Matches, MaxLength, MinLength } from 'class-validator';
import { InputDto } from '../../contract/index.js';

/** What `POST /api/auth/token` takes: nothing beside a session cookie, or a refresh token, or an e-mail address and a password. */
@InputDto('auth.token')
export class TokenDto {
  @IsOptional()
  @IsString()
  @MaxLength(254)
  // How addresses are spelt is PHP's to say; here only what cannot be one. PHP's trim() takes a NUL away, ours does not:
  // the same account in another spelling.
  @Matches(/^\s*[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\s*$/u, { message: 'must be an e-mail address' })
  readonly email?: string;

  /** Taken as it is: not trimmed, any characters. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  readonly password?: string;

  @IsOptional()
  @IsString()
  @Length(1, 256)
  readonly refresh_token?: string;
}

/** What `POST /api/auth/revoke` takes: a token of one's own, or, of an administrator, whose tokens shall end. */
@InputDto('auth.revoke')
export class RevokeDto {
  @IsOptional()
  @IsString()
  @Length(1, 4096)
  readonly token?: string;

  @IsOptional()
  @IsString()
  @Length(1, 255)
  readonly subject?: string;
}
