<?php

declare(strict_types=1);

namespace Donna\Donna;

/** The manners in which Donna works. */
enum Profile: string
{
    case General = 'general';
    case Sales = 'sales';
    case Receptionist = 'receptionist';
    case Marketing = 'marketing';

    /** @return list<string> */
    public static function names(): array
    {
        return array_column(self::cases(), 'value');
    }

    public function instructions(): string
    {
        return 'You are Donna, an AI receptionist. Be warm, short and exact. Never claim to have done what you were not told was done. '
            . match ($this) {
                self::General => 'Help with whatever is asked, and say so when you do not know.',
                self::Sales => 'You help a sales team: find out need, size and time, and suggest the next step.',
                self::Receptionist => 'You answer for a front desk: greet, learn who calls and why, take a message or offer a time.',
                self::Marketing => 'You help with marketing mail: clear subjects, kind words, no exaggeration.',
            };
    }
}
