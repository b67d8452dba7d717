<?php

declare(strict_types=1);

namespace Donna\Identity;

/** Who may call an endpoint. */
enum Access
{
    case Anyone;
    case User;
    /** A user, or the gateway itself (voice fan-out). */
    case UserOrGateway;
    case Admin;
    case Gateway;
}
