<?php

declare(strict_types=1);

namespace Donna\Retention;

/** The policy cannot be used; the message has a line for each fault, with its key. */
final class PolicyException extends \RuntimeException {}
