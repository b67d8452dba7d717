<?php

declare(strict_types=1);

namespace Donna\Sales;

use Donna\Call;
use Donna\Http\Response;

final class ShowOverview
{
    public function __construct(private readonly SalesRepository $sales) {}

    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonSuccess(['data' => [
            'contacts' => $this->sales->contacts(),
            'leads' => $this->sales->leads(),
            'stats' => $this->sales->stats(),
        ]]);
    }
}
