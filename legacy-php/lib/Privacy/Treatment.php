<?php

declare(strict_types=1);

namespace Donna\Privacy;

/** What becomes of a field's value in a log. */
enum Treatment
{
    /** A pseudonym. */
    case Hash;
    /** Gone. */
    case Mask;
    /** Kept where it is a plain identifier. */
    case Id;
    /** Who did something: kept where it names no person by itself. */
    case Subject;
    /** Free text, searched. */
    case Scan;
}
