<?php

declare(strict_types=1);

namespace Donna\Validation;

use Donna\Http\ApiException;

/** Reads fields one by one and gathers every fault, so that a client is told all of them at once by check(). */
final class Input
{
    /** @var array<string, string> */
    private array $errors = [];

    /** @param array<string, mixed> $fields */
    public function __construct(private readonly array $fields) {}

    public function has(string $field): bool
    {
        return isset($this->fields[$field]) && $this->fields[$field] !== '';
    }

    public function raw(string $field): mixed
    {
        return $this->fields[$field] ?? null;
    }

    public function fail(string $field, string $message): void
    {
        $this->errors[$field] ??= $message;
    }

    /** @throws ApiException VALIDATION_FAILED with every fault that was met */
    public function check(): void
    {
        if ($this->errors !== []) {
            throw ApiException::validation($this->errors);
        }
    }

    public function text(string $field, int $min, int $max, bool $isMultiline = false): string
    {
        return $this->requiredField($field) ? (string) $this->optionalText($field, $min, $max, $isMultiline) : '';
    }

    public function optionalText(string $field, int $min, int $max, bool $isMultiline = false): ?string
    {
        $value = $this->raw($field);
        if ($value === null) {
            return null;
        }
        $value = is_string($value) ? trim($value) : $value;

        return $this->accept($field, $value, Validators::isText($value, $min, $max, $isMultiline), "must be text of {$min} to {$max} characters");
    }

    public function email(string $field): string
    {
        return $this->requiredField($field) ? (string) $this->optionalEmail($field) : '';
    }

    public function optionalEmail(string $field): ?string
    {
        $value = $this->raw($field);
        if ($value === null || $value === '') {
            return null;
        }
        $value = is_string($value) ? trim($value) : $value;

        return $this->accept($field, $value, Validators::isEmail($value), 'must be an e-mail address');
    }

    public function phone(string $field): string
    {
        return $this->requiredField($field) ? (string) $this->optionalPhone($field) : '';
    }

    public function optionalPhone(string $field): ?string
    {
        $value = $this->raw($field);
        if ($value === null || $value === '') {
            return null;
        }
        // Spaces, dashes, dots and brackets are how people write a number; what counts are its digits.
        $value = is_string($value) ? preg_replace('/[ ().-]/', '', $value) : $value;

        return $this->accept($field, $value, Validators::isPhone($value), 'must be a phone number such as +15550100123');
    }

    public function integer(string $field, int $min, int $max, int $default): int
    {
        $value = $this->raw($field);
        if ($value === null) {
            return $default;
        }
        $isValid = Validators::isIntegerIn($value, $min, $max);
        if (!$isValid) {
            $this->fail($field, "must be a whole number from {$min} to {$max}");
        }

        return $isValid ? (int) $value : $default;
    }

    public function flag(string $field, bool $default): bool
    {
        $value = $this->raw($field);
        $known = [true, false, 1, 0, '1', '0', 'true', 'false'];
        if ($value === null) {
            return $default;
        }
        if (!in_array($value, $known, true)) {
            $this->fail($field, 'must be true or false');

            return $default;
        }

        return in_array($value, [true, 1, '1', 'true'], true);
    }

    /** @param list<string> $choices */
    public function choice(string $field, array $choices): string
    {
        return $this->requiredField($field) ? (string) $this->optionalChoice($field, $choices) : '';
    }

    /** @param list<string> $choices */
    public function optionalChoice(string $field, array $choices): ?string
    {
        $value = $this->raw($field);
        if ($value === null || $value === '') {
            return null;
        }

        return $this->accept($field, $value, Validators::isOneOf($value, $choices), 'must be one of ' . implode(', ', $choices));
    }

    public function pathPart(string $field, int $max = 64): string
    {
        return $this->requiredField($field) ? (string) $this->optionalPathPart($field, $max) : '';
    }

    public function optionalPathPart(string $field, int $max = 64): ?string
    {
        $value = $this->raw($field);
        if ($value === null || $value === '') {
            return null;
        }
        $value = is_int($value) ? (string) $value : $value;

        return $this->accept($field, $value, Validators::isPathPart($value, $max), 'must be an id of letters, digits, dash, dot and underscore');
    }

    public function matching(string $field, string $pattern, string $message): string
    {
        if (!$this->requiredField($field)) {
            return '';
        }
        $value = $this->raw($field);

        return (string) $this->accept($field, $value, is_string($value) && preg_match($pattern, $value) === 1, $message);
    }

    /** @return ?array<mixed> a list of at most $max members */
    public function optionalList(string $field, int $max): ?array
    {
        $value = $this->raw($field);
        if ($value === null) {
            return null;
        }
        if (!is_array($value) || !array_is_list($value) || count($value) > $max) {
            $this->fail($field, "must be a list of at most {$max} members");

            return null;
        }

        return $value;
    }

    /** @return ?array<string, mixed> a JSON object of at most $maxBytes when written out */
    public function optionalRecord(string $field, int $maxBytes): ?array
    {
        $value = $this->raw($field);
        if ($value === null) {
            return null;
        }
        if (!is_array($value) || ($value !== [] && array_is_list($value))) {
            $this->fail($field, 'must be an object');

            return null;
        }
        if (strlen((string) json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES)) > $maxBytes) {
            $this->fail($field, "must not be longer than {$maxBytes} bytes");

            return null;
        }

        return $value;
    }

    private function requiredField(string $field): bool
    {
        if (!isset($this->fields[$field]) || $this->fields[$field] === '' || (is_string($this->fields[$field]) && trim($this->fields[$field]) === '')) {
            $this->fail($field, 'is required');

            return false;
        }

        return true;
    }

    private function accept(string $field, mixed $value, bool $isValid, string $message): ?string
    {
        if (!$isValid) {
            $this->fail($field, $message);

            return null;
        }

        return is_string($value) ? $value : null;
    }
}
