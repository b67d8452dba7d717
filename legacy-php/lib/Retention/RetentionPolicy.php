<?php

declare(strict_types=1);

namespace Donna\Retention;

/** How long each kind of data is kept: `retention.json`, the same file that the gateway reads (src/retention/retention-policy.ts). */
final class RetentionPolicy
{
    public const KINDS = [
        'tempAudio', 'tempFiles', 'cache', 'logs', 'errorLogs', 'sessions', 'conversations', 'memory', 'replacedDocuments',
        'voiceEvents', 'webhookEvents', 'sentMail', 'experimentSamples', 'experimentEvidence', 'migrationRuns',
        'replicationStates', 'retentionRuns', 'erasureRecords',
    ];
    private const MEMBERS = ['about', 'version', 'keep'];
    private const UNITS = ['m' => 60, 'h' => 3600, 'd' => 86400];
    /** Shorter than this, what somebody works with at the moment would go. */
    private const MIN_SECONDS = 300;
    private const MAX_SECONDS = 3650 * 86400;
    private const MAX_BYTES = 65536;
    private const MAX_FAULTS = 20;

    /** @param array<string, int> $seconds */
    private function __construct(private readonly array $seconds) {}

    /** @throws PolicyException */
    public static function fromFile(string $file): self
    {
        $text = is_file($file) ? @file_get_contents($file, false, null, 0, self::MAX_BYTES + 1) : false;
        if ($text === false) {
            throw new PolicyException('the file cannot be read');
        }
        if (strlen($text) > self::MAX_BYTES) {
            throw new PolicyException('the file has more than ' . self::MAX_BYTES . ' bytes');
        }

        return self::fromText($text);
    }

    /** @throws PolicyException */
    public static function fromText(string $text): self
    {
        $policy = json_decode($text, true, 8);
        if (!is_array($policy) || ($policy !== [] && array_is_list($policy))) {
            throw new PolicyException('the file is not a JSON object');
        }
        $faults = [];
        foreach (array_diff(array_keys($policy), self::MEMBERS) as $name) {
            $faults[] = self::printable($name) . ': is not known';
        }
        if (($policy['version'] ?? null) !== 1) {
            $faults[] = 'version: must be 1';
        }
        if (!is_string($policy['about'] ?? '')) {
            $faults[] = 'about: must be text';
        }
        $keep = $policy['keep'] ?? null;
        if (!is_array($keep) || ($keep !== [] && array_is_list($keep))) {
            throw new PolicyException(implode("\n", [...$faults, 'keep: must be an object']));
        }
        foreach (array_diff(array_keys($keep), self::KINDS) as $name) {
            $faults[] = 'keep.' . self::printable($name) . ': is not known';
        }
        $seconds = [];
        foreach (self::KINDS as $kind) {
            if (!array_key_exists($kind, $keep)) {
                $faults[] = "keep.{$kind}: is missing";
                continue;
            }
            $seconds[$kind] = self::seconds($keep[$kind]);
            if ($seconds[$kind] < self::MIN_SECONDS || $seconds[$kind] > self::MAX_SECONDS) {
                $faults[] = "keep.{$kind}: must be from 5m to 3650d, such as \"90m\", \"12h\" or \"30d\"";
            }
        }
        if ($faults !== []) {
            throw new PolicyException(implode("\n", array_slice($faults, 0, self::MAX_FAULTS)));
        }

        return new self($seconds);
    }

    public function secondsOf(string $kind): int
    {
        return $this->seconds[$kind] ?? throw new \LogicException('Not a kind of data.');
    }

    /** @return int 0 for whatever is no duration */
    private static function seconds(mixed $text): int
    {
        return is_string($text) && preg_match('/^([1-9][0-9]{0,5})([mhd])$/D', $text, $match) === 1
            ? (int) $match[1] * self::UNITS[$match[2]]
            : 0;
    }

    private static function printable(int|string $name): string
    {
        return substr((string) preg_replace('/[^\x20-\x7E]/', '?', (string) $name), 0, 64);
    }
}
