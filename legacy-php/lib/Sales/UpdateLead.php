<?php

declare(strict_types=1);

namespace Donna\Sales;

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\Response;

final class UpdateLead
{
    public function __construct(private readonly SalesRepository $sales) {}

    public function __invoke(Call $call): Response
    {
        $in = $call->input;
        $id = $in->pathPart($in->has('lead_id') ? 'lead_id' : 'id');
        $changes = array_filter([
            'status' => $in->optionalChoice('status', SalesRepository::LEAD_STATUSES),
            'temperature' => $in->optionalChoice('temperature', SalesRepository::TEMPERATURES),
            'score' => $in->raw('score') === null ? null : $in->integer('score', 0, 100, 0),
            'notes' => $in->optionalText('notes', 0, 2000, true),
        ], static fn(int|string|null $value): bool => $value !== null);
        $in->check();
        if ($changes === []) {
            throw ApiException::validation(['status' => 'give status, temperature, score or notes']);
        }
        $lead = $this->sales->changeLead($id, $changes) ?? throw ApiException::notFound('This lead');

        return $call->respond->jsonSuccess(['message' => 'Lead updated.', 'data' => ['lead' => $lead, 'stats' => $this->sales->stats()]]);
    }
}
