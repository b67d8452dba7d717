/** Where an event goes: a script of the PHP application that takes `action: voice_event` (contract, section 2). */
export interface VoiceTarget {
  readonly name: 'marketing' | 'sales' | 'secretary';
  readonly path: string;
  /** Milliseconds until the answer's last byte. */
  readonly timeoutMs: number;
}

/** Each writes one line and answers within milliseconds: this is the patience with a PHP that is busy, or has just started. */
const BOARD_TIMEOUT_MS = 5000;

/** The boards that are told. Here and not in the route table, where a path that is no board's would pass as well, and do nothing. */
export const VOICE_TARGETS: readonly VoiceTarget[] = [
  { name: 'marketing', path: '/api/marketing.php', timeoutMs: BOARD_TIMEOUT_MS },
  { name: 'sales', path: '/api/sales/overview.php', timeoutMs: BOARD_TIMEOUT_MS },
  { name: 'secretary', path: '/api/secretary/dashboard.php', timeoutMs: BOARD_TIMEOUT_MS },
];
