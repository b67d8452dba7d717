<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Environment;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Provider\HttpClient;
use Donna\Validation\Validators;

/** A small SMTP submission client (RFC 5321, 3207, 4954): TLS from the start on port 465, else STARTTLS; never plain. */
final class SmtpClient
{
    private const TIMEOUT_SECONDS = 15;

    /** @var resource */
    private $socket;

    private float $deadline = 0.0;

    public function __construct(private readonly Environment $env) {}

    /** @return string the Message-ID that the server accepted */
    public function deliver(Message $message): string
    {
        $from = $this->env->get('EMAIL_FROM', $this->env->get('SMTP_USER'));
        $sender = preg_match('/<([^<>]+)>\s*$/', $from, $match) === 1 ? $match[1] : $from;
        if (!Validators::isEmail($sender) || preg_match('/[\r\n\0]/', $from) === 1) {
            throw new ApiException(ErrorCode::MailNotConfigured, 'Sending mail is not configured: EMAIL_FROM is missing.');
        }
        $this->deadline = microtime(true) + 2 * self::TIMEOUT_SECONDS;
        $this->connect();
        try {
            $this->authenticate();
            $this->command('MAIL FROM:<' . $sender . '>', 250);
            $this->command('RCPT TO:<' . $message->to . '>', 250);
            $this->command('DATA', 354);
            $id = '<' . bin2hex(random_bytes(16)) . '@' . substr((string) strrchr($sender, '@'), 1) . '>';
            $this->command(self::render($message, $from, $id) . "\r\n.", 250);
            @fwrite($this->socket, "QUIT\r\n");

            return $id;
        } finally {
            fclose($this->socket);
        }
    }

    /** The message as it goes over the wire: encoded words (RFC 2047) and base64, so that no line can end it early. */
    public static function render(Message $message, string $from, string $id): string
    {
        $headers = [
            'Date: ' . gmdate('D, d M Y H:i:s') . ' +0000',
            'From: ' . (preg_match('/[^\x20-\x7E]/', $from) === 1 && preg_match('/^(.*)<([^<>]+)>\s*$/', $from, $m) === 1
                ? self::encodedWords(trim($m[1], ' "')) . ' <' . $m[2] . '>' : $from),
            'To: ' . $message->to,
            'Subject: ' . self::encodedWords($message->subject),
            'Message-ID: ' . $id,
        ];
        if ($message->inReplyTo !== null) {
            $headers[] = 'In-Reply-To: ' . $message->inReplyTo;
        }
        array_push($headers, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: base64', 'Auto-Submitted: auto-generated');

        return implode("\r\n", $headers) . "\r\n\r\n" . rtrim(chunk_split(base64_encode($message->body), 76, "\r\n"));
    }

    private static function encodedWords(string $text): string
    {
        if (preg_match('/^[\x20-\x7E]{0,200}$/D', $text) === 1 && !str_contains($text, '=?')) {
            return $text;
        }
        preg_match_all('/.{1,10}/su', $text, $parts);

        return implode("\r\n ", array_map(static fn(string $part): string => '=?UTF-8?B?' . base64_encode($part) . '?=', $parts[0]));
    }

    private function connect(): void
    {
        $host = $this->env->get('SMTP_HOST');
        $port = $this->env->integer('SMTP_PORT', 587, 1, 65535);
        if (preg_match('/^(?:[A-Za-z0-9.-]+|\[?[0-9A-Fa-f:]+\]?)$/D', $host) !== 1 || ($this->env->flag('DONNA_LOOPBACK_ONLY', false) && !HttpClient::isLoopback($host))) {
            throw new ApiException(ErrorCode::UpstreamUnavailable, 'The mail server cannot be reached from here.');
        }
        if (!extension_loaded('openssl')) {
            throw new ApiException(ErrorCode::UpstreamUnavailable, 'Sending mail needs TLS, which this PHP does not have.');
        }
        $tls = ['verify_peer' => true, 'verify_peer_name' => true, 'allow_self_signed' => false, 'peer_name' => trim($host, '[]'), 'SNI_enabled' => true];
        if ($this->env->get('SMTP_CA_FILE') !== '') {
            $tls['cafile'] = $this->env->get('SMTP_CA_FILE');
        }
        $scheme = $port === 465 ? 'tls' : 'tcp';
        $socket = @stream_socket_client("{$scheme}://{$host}:{$port}", $code, $text, self::TIMEOUT_SECONDS, STREAM_CLIENT_CONNECT, stream_context_create(['ssl' => $tls]));
        if ($socket === false) {
            throw self::badAnswer();
        }
        $this->socket = $socket;
        try {
            $this->expect(220);
            $capabilities = $this->command('EHLO [127.0.0.1]', 250);
            if ($port !== 465) {
                if (preg_match('/^250[ -]STARTTLS\s*$/mi', $capabilities) !== 1) {
                    throw self::badAnswer();
                }
                $this->command('STARTTLS', 220);
                stream_set_timeout($socket, self::TIMEOUT_SECONDS);
                if (@stream_socket_enable_crypto($socket, true, STREAM_CRYPTO_METHOD_TLSv1_2_CLIENT | STREAM_CRYPTO_METHOD_TLSv1_3_CLIENT) !== true) {
                    throw self::badAnswer();
                }
                // What was said before TLS may have been forged (RFC 3207, 4.2).
                $this->command('EHLO [127.0.0.1]', 250);
            }
        } catch (\Throwable $e) {
            fclose($socket);

            throw $e;
        }
    }

    private function authenticate(): void
    {
        $user = $this->env->get('SMTP_USER');
        if ($user !== '') {
            $this->command('AUTH PLAIN ' . base64_encode("\0" . $user . "\0" . $this->env->get('SMTP_PASS')), 235);
        }
    }

    private function command(string $line, int $expected): string
    {
        $bytes = $line . "\r\n";
        while ($bytes !== '') {
            $written = @fwrite($this->socket, $bytes);
            if ($written === false || $written === 0) {
                throw self::badAnswer();
            }
            $bytes = substr($bytes, $written);
        }

        return $this->expect($expected);
    }

    private function expect(int $expected): string
    {
        $reply = '';
        do {
            if (microtime(true) > $this->deadline) {
                throw new ApiException(ErrorCode::UpstreamTimeout, 'The mail server did not answer in time.');
            }
            stream_set_timeout($this->socket, self::TIMEOUT_SECONDS);
            $line = @fgets($this->socket, 1024);
            if ($line === false) {
                throw stream_get_meta_data($this->socket)['timed_out']
                    ? new ApiException(ErrorCode::UpstreamTimeout, 'The mail server did not answer in time.')
                    : self::badAnswer();
            }
            $reply .= $line;
        } while (isset($line[3]) && $line[3] === '-' && strlen($reply) < 16384);
        $status = (int) substr($line, 0, 3);
        if ($status !== $expected && !($expected === 250 && $status === 251)) {
            throw self::badAnswer();
        }

        return $reply;
    }

    private static function badAnswer(): ApiException
    {
        return new ApiException(ErrorCode::UpstreamBadAnswer, 'The mail server did not accept the message.');
    }
}
