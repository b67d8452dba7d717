<?php

declare(strict_types=1);

namespace Donna\Storage;

/** A document is there, and the system does not let it be read: whose file it is, or how many files are open. */
final class UnreadableException extends \RuntimeException {}
