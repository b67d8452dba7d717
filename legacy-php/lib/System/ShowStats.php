<?php

declare(strict_types=1);

namespace Donna\System;

use Donna\App;
use Donna\Call;
use Donna\Clock;
use Donna\Http\Response;

final class ShowStats
{
    private const SECONDS = ['hour' => 3600, 'day' => 86400, 'week' => 604800, 'month' => 2592000];

    public function __construct(private readonly App $app) {}

    public function __invoke(Call $call): Response
    {
        $period = $call->input->optionalChoice('period', array_keys(self::SECONDS)) ?? 'day';
        $isDetailed = $call->input->flag('detailed', false);
        $call->input->check();
        $since = Clock::before(self::SECONDS[$period]);
        $data = [
            'period' => $period,
            'since' => $since,
            'generated_at' => Clock::now(),
            'activity' => [
                'conversations' => $this->app->conversations()->countSince($since),
                'voice_events' => $this->app->events()->countSince('voice', $since),
                'webhooks' => $this->app->events()->countSince('telnyx', $since),
            ],
            'mailbox' => $this->app->mailbox()->stats(),
            'sales' => $this->app->sales()->stats(),
        ];
        if ($isDetailed) {
            $data['runtime'] = [
                'php_version' => PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION,
                'memory_peak_bytes' => memory_get_peak_usage(true),
                'has_sodium' => function_exists('sodium_crypto_sign_verify_detached'),
                'mail_configured' => $this->app->mailer()->isConfigured(),
            ];
            $data['tasks'] = ['open' => count(array_filter($this->app->tasks()->tasks(), static fn(array $t): bool => $t['status'] !== 'done'))];
            $data['mails_sent'] = $this->app->outbox()->count();
        }

        return $call->respond->jsonSuccess(['data' => $data]);
    }
}
