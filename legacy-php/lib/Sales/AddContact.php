<?php

declare(strict_types=1);

namespace Donna\Sales;

use Donna\Call;
use Donna\Http\Response;

final class AddContact
{
    public function __construct(private readonly SalesRepository $sales) {}

    public function __invoke(Call $call): Response
    {
        $contact = [
            'name' => $call->input->text('name', 1, 120),
            'email' => $call->input->optionalEmail('email'),
            'phone' => $call->input->optionalPhone('phone'),
            'company' => $call->input->optionalText('company', 0, 120),
        ];
        $call->input->check();

        return $call->respond->jsonSuccess(['message' => 'Contact added.', 'data' => ['contact' => $this->sales->addContact($contact), 'stats' => $this->sales->stats()]]);
    }
}
