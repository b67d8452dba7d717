<?php

declare(strict_types=1);

namespace Donna\Retention;

use Donna\App;
use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Http\Response;
use Donna\Validation\Validators;

/** Tells the gateway, and nobody else, what is kept of a person, hands it over, and erases it. The gateway signs the body of its question. */
final class PersonAction
{
    public const MAX_BODY_BYTES = 16384;
    private const MAX_SUBJECT_BYTES = 255;

    public function __construct(private readonly App $app) {}

    public function __invoke(Call $call): Response
    {
        $body = $call->request->body($call->maxBodyBytes);
        if ($call->assertion?->isBody($body) !== true) {
            throw new ApiException(ErrorCode::Forbidden, 'Only the gateway may ask this, and its signature must name the body.');
        }
        $in = json_decode($body, true, 4);
        if (!is_array($in) || array_is_list($in)) {
            throw new ApiException(ErrorCode::BadRequest, 'The body must be a JSON object.');
        }
        $subject = $in['subject'] ?? null;
        $email = $in['email'] ?? null;
        if (!is_string($subject) || $subject === '' || strlen($subject) > self::MAX_SUBJECT_BYTES) {
            throw ApiException::validation(['subject' => 'must be the id of a user']);
        }
        if ($email !== null && !(is_string($email) && Validators::isEmail($email))) {
            throw ApiException::validation(['email' => 'must be an e-mail address']);
        }
        $store = $this->app->store();
        $person = new PersonData($store, $this->app->env->dataDirectory(), new SharedBoards($store), $this->app->rateLimiter(), $subject, $email);

        return $call->respond->jsonSuccess(match ($in['action'] ?? null) {
            'inspect' => ['parts' => $person->inventory()],
            'export' => ['part' => self::part($in), 'items' => $person->of(self::part($in))],
            'erase' => $this->erase($person, ($in['account'] ?? false) === true),
            default => throw ApiException::validation(['action' => 'must be inspect, export or erase']),
        });
    }

    /** @return array<string, mixed> */
    private function erase(PersonData $person, bool $withAccount): array
    {
        $person->erase($withAccount);
        $this->app->logger->log('info', 'person.erased', ['account' => $withAccount]);

        return ['erased' => true];
    }

    /** @param array<mixed> $in */
    private static function part(array $in): string
    {
        $part = $in['part'] ?? null;

        return is_string($part) && in_array($part, PersonData::PARTS, true)
            ? $part
            : throw ApiException::validation(['part' => 'must be one of ' . implode(', ', PersonData::PARTS)]);
    }
}
