import { makeAccessToken } from '../auth/index.js';
import type { GatewayConfig } from '../config/index.js';
import { staysOnThisMachine } from '../forward/index.js';
import { settingsWithoutEffect } from './settings-without-effect.js';

export interface BannerFacts {
  readonly url: string;
  /** What answers for PHP: `system PHP 8.2.36`, or the addresses. */
  readonly php: string;
  readonly isEmbedded: boolean;
  /** Where the local stand-ins of the AI and voice providers listen, if they do. */
  readonly stubOrigin: string | undefined;
  readonly routesFile: string;
  /** Routes that Node answers or tries, as `describeStaged` tells them. */
  readonly staged: string;
  readonly database: { readonly kind: 'embedded' | 'postgres'; readonly state: 'off' | 'starting' | 'up' | 'down' };
  /** Addresses of PHP at which nobody answers yet. */
  readonly unreachable: readonly string[];
  readonly startedInMs: number;
}

const TOKEN_LIFE_S = 3600;

/** Who answers instead of PHP, and from which database. */
function nativeLines({ staged, database: { kind, state } }: BannerFacts): string[] {
  if (staged === '') return [];
  const postgres = state === 'up' ? 'up' : 'gives no answer yet';
  return [
    `  Node answers  ${staged} (more: npm run gateway -- stages)`,
    `  Database      ${kind === 'postgres' ? `Postgres of DATABASE_URL, ${postgres}` : `embedded Postgres, ${state === 'up' ? 'up' : 'being made ready'}`}`,
  ];
}

/** What a person reads who has just started the gateway: what runs, where to click, how to log in, one call to try. */
export function banner(config: GatewayConfig, facts: BannerFacts): string {
  const lines = [
    '',
    `  Donna Gateway ${config.version} (${config.environment}) is ready after ${(facts.startedInMs / 1000).toFixed(1)} s`,
    '',
    `  Open          ${facts.url}/`,
    `  Health        ${facts.url}/api/health`,
    // A table that lets everything pass has neither.
    ...(config.routes.passThrough
      ? []
      : [`  Dashboard     ${facts.url}${config.paths.admin}`, `  API docs      ${facts.url}${config.paths.docs}`]),
    `  PHP           ${facts.php}`,
    `  Route table   ${facts.routesFile} (changes are taken into use at once)`,
    ...nativeLines(facts),
    ...(config.workers === 1 ? [] : [`  Workers       ${config.workers} processes serve`]),
  ];
  if (facts.stubOrigin !== undefined) {
    const { openai, elevenlabs } = config.providers;
    const parts = facts.isEmbedded
      ? [openai.mode === 'stub' ? 'AI' : '', elevenlabs.mode === 'stub' ? 'voice' : '', 'telephone'].filter(
          (part) => part !== '',
        )
      : ['realtime tokens'];
    lines.push(`  Stand-ins     ${parts.join(', ')}: no key is set, a local stub answers (${facts.stubOrigin})`);
    if (facts.isEmbedded && staysOnThisMachine(config))
      lines.push('                PHP reaches nothing beyond this machine');
  }
  if (facts.isEmbedded && config.environment !== 'production') {
    lines.push('', '  Log in        demo@donna.example / donna-demo      (admin: admin@donna.example / donna-admin)');
  }
  if (config.environment === 'development' && facts.isEmbedded && config.jwt.secret !== undefined) {
    const { secret, issuer, audience } = config.jwt;
    const token = makeAccessToken(secret, {
      subject: 'demo',
      roles: ['user'],
      email: 'demo@donna.example',
      lifeS: TOKEN_LIFE_S,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    });
    lines.push(
      '',
      '  As a mobile client would (development token, good for an hour):',
      `  curl -s ${facts.url}/api/conversations.php -H 'Authorization: Bearer ${token}'`,
    );
  }
  for (const target of facts.unreachable) {
    lines.push(
      '',
      `  Note: nothing answers at ${target}: start it, or correct REMOTE_PHP_BASE. Until then requests are answered 502.`,
    );
  }
  for (const warning of [...config.warnings, ...settingsWithoutEffect(config)]) lines.push('', `  Note: ${warning}`);
  lines.push('', '  Ctrl-C stops it. Options: npm start -- --help', '');
  return lines.join('\n');
}
